import json

import pytest

from experiments.console.errors import UserError
from experiments.report.results_table import (
    cell_text,
    markdown_rows,
    results_table,
    training,
    with_earlier,
    write_results,
)

KEY = ("variant", "seed")


def row(variant, seed, score, **others):
    return {"variant": variant, "seed": seed, "score": score} | others


def test_rows_of_other_cells_stay_as_they_are(tmp_path):
    first = with_earlier(
        tmp_path, [row("b", 0, 0.5, commit="one"), row("a", 1, 0.25, gathered_by="x")], KEY
    )
    assert first == [row("a", 1, 0.25, gathered_by="x"), row("b", 0, 0.5, commit="one")]
    write_results(tmp_path, first, "")
    new = [row("b", 0, 0.125, commit="two"), row("b", 1, 2.0, commit="two")]
    assert with_earlier(tmp_path, new, KEY) == [first[0], *new]


def test_a_run_without_a_record_keeps_what_its_row_tells_until_a_score_changes(tmp_path):
    earlier = [row("a", 0, 0.5, device="card", gathered_by="old")]
    write_results(tmp_path, earlier, "")
    unknown = {"device": None, "commit": None}
    (same,) = with_earlier(tmp_path, [row("a", 0, 0.5, **unknown)], KEY)
    assert same == row("a", 0, 0.5, device="card", commit=None, gathered_by="old")
    (changed,) = with_earlier(tmp_path, [row("a", 0, 0.25, **unknown)], KEY)
    assert changed == row("a", 0, 0.25, **unknown)
    (recorded,) = with_earlier(tmp_path, [row("a", 0, 0.5, device="cpu", commit="one")], KEY)
    assert recorded == row("a", 0, 0.5, device="cpu", commit="one")


def test_rows_tell_what_trained_their_run(tmp_path):
    assert training(tmp_path) == {"device": None, "commit": None}
    processes = [("one", "card"), ("two", "card"), ("one", "card")]
    entries = [
        {"step": step, "commit": commit, "device": device}
        for step, (commit, device) in enumerate(processes)
    ]
    (tmp_path / "environment.json").write_text(json.dumps(entries))
    assert training(tmp_path) == {"device": "card", "commit": "one, two"}


def test_a_table_claims_no_device_or_commit_but_its_rows(tmp_path):
    table = results_table([row("a", 0, 0.5, commit="one", device="card", flow=0.25)], "command")
    assert table.splitlines() == [
        "Written by `command`.",
        "",
        "| variant | seed | score | flow | device | commit |",
        "|---|---|---|---|---|---|",
        "| a | 0 | 0.5 | 0.25 | card | one |",
    ]


@pytest.mark.parametrize("content", ["{", '[{"variant": "a"}]', "[3]", '{"variant": 1}'])
def test_damaged_results_are_named(tmp_path, content):
    (tmp_path / "results.json").write_text(content)
    with pytest.raises(UserError, match=r"results\.json: not rows with variant, seed"):
        with_earlier(tmp_path, [row("a", 0, 0.5)], KEY)


def test_two_runs_of_one_cell_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"the same variant, seed: \('a', 0\)"):
        with_earlier(tmp_path, [row("a", 0, 0.5), row("a", 0, 0.25)], KEY)


def test_a_table_has_a_cell_for_every_field_of_any_row():
    lines = markdown_rows([row("a", 0, 0.123456789), {"variant": "b", "flow": None}]).splitlines()
    assert lines == [
        "| variant | seed | score | flow |",
        "|---|---|---|---|",
        "| a | 0 | 0.12346 | - |",
        "| b | - | - | - |",
    ]


def test_cells_are_text_or_rounded_numbers_or_both():
    assert (
        cell_text({"memory.width": 0.5, "moving_mnist.lines": True})
        == "memory.width=0.5, moving_mnist.lines=True"
    )
    assert [cell_text(value) for value in ({}, None, 3, 0.123456)] == ["-", "-", "3", "0.12346"]


def test_results_are_what_json_reads_back(tmp_path):
    write_results(tmp_path / "new", [row("a", 0, 0.5)], "table")
    assert json.loads((tmp_path / "new" / "results.json").read_text()) == [row("a", 0, 0.5)]
    assert (tmp_path / "new" / "results.md").read_text() == "table"
