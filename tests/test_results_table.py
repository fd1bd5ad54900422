import json

import pytest

from experiments.report import results_table
from experiments.report.results_table import cell_text, markdown_rows, with_earlier, write_results
from experiments.run.errors import UserError

KEY = ("variant", "seed")


@pytest.fixture
def at(monkeypatch):
    """Sets the commit that a row is gathered by."""

    def set_commit(name):
        monkeypatch.setattr(results_table, "current_commit", lambda: name)

    return set_commit


def row(variant, seed, score, **others):
    return {"variant": variant, "seed": seed, "score": score} | others


def test_rows_of_other_cells_stay_and_keep_their_commit(tmp_path, at):
    at("first")
    rows = with_earlier(tmp_path, [row("b", 0, 0.5), row("a", 1, 0.25)], KEY)
    assert rows == [row("a", 1, 0.25, commit="first"), row("b", 0, 0.5, commit="first")]
    write_results(tmp_path, rows, "")
    at("second")
    assert with_earlier(tmp_path, [row("b", 0, 0.125), row("b", 1, 2.0)], KEY) == [
        row("a", 1, 0.25, commit="first"),
        row("b", 0, 0.125, commit="second"),
        row("b", 1, 2.0, commit="second"),
    ]


def test_what_is_gathered_again_unchanged_keeps_its_commit(tmp_path, at):
    at("first")
    write_results(tmp_path, with_earlier(tmp_path, [row("a", 0, 0.5)], KEY), "")
    at("second")
    assert with_earlier(tmp_path, [row("a", 0, 0.5)], KEY) == [row("a", 0, 0.5, commit="first")]


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
        cell_text({"memory.width": 0.5, "data.lines": True}) == "memory.width=0.5, data.lines=True"
    )
    assert [cell_text(value) for value in ({}, None, 3, 0.123456)] == ["-", "-", "3", "0.12346"]


def test_results_are_what_json_reads_back(tmp_path):
    write_results(tmp_path / "new", [row("a", 0, 0.5)], "table")
    assert json.loads((tmp_path / "new" / "results.json").read_text()) == [row("a", 0, 0.5)]
    assert (tmp_path / "new" / "results.md").read_text() == "table"
