import json

import pytest

from experiments.console.errors import UserError
from experiments.report.merging import earlier_rows, with_earlier
from experiments.report.provenance import training

KEY = ("variant", "seed")


def row(variant, seed, score, **others):
    return {"variant": variant, "seed": seed, "score": score} | others


def test_rows_of_other_cells_stay_as_they_are(tmp_path):
    first = with_earlier(
        [row("b", 0, 0.5, commit="one"), row("a", 1, 0.25, gathered_by="x")], [], KEY
    )
    assert first == [row("a", 1, 0.25, gathered_by="x"), row("b", 0, 0.5, commit="one")]
    (tmp_path / "results.json").write_text(json.dumps(first))
    new = [row("b", 0, 0.125, commit="two"), row("b", 1, 2.0, commit="two")]
    assert with_earlier(new, earlier_rows(tmp_path, KEY), KEY) == [first[0], *new]
    assert earlier_rows(tmp_path / "new", KEY) == []


def test_rows_of_other_settings_are_other_cells(tmp_path):
    key = ("variant", "settings", "seed")
    by_recipe, earlier = row("a", 0, 0.5, settings={}), row("a", 0, 0.75)
    others = row("a", 0, 0.25, settings={"schedule": "trapezoid", "features": [2]})
    (tmp_path / "results.json").write_text(json.dumps([earlier]))
    known = earlier_rows(tmp_path, key)
    assert with_earlier([others], known, key) == [row("a", 0, 0.75, settings={}), others]
    assert with_earlier([others, by_recipe], known, key) == [by_recipe, others]
    with pytest.raises(UserError, match="two runs have the same variant, settings, seed"):
        with_earlier([others, dict(reversed(others.items()))], known, key)


def test_a_run_without_a_record_keeps_what_its_row_tells_until_a_score_changes():
    earlier = [row("a", 0, 0.5, device="card", gathered_by="old")]
    unknown = {"device": None, "commit": None}
    (same,) = with_earlier([row("a", 0, 0.5, **unknown)], earlier, KEY)
    assert same == row("a", 0, 0.5, device="card", commit=None, gathered_by="old")
    (another,) = with_earlier([row("a", 0, 0.5, new_metric=1.0, **unknown)], earlier, KEY)
    assert another == same | {"new_metric": 1.0}
    (changed,) = with_earlier([row("a", 0, 0.25, **unknown)], earlier, KEY)
    assert changed == row("a", 0, 0.25, **unknown)
    (recorded,) = with_earlier([row("a", 0, 0.5, device="cpu", commit="one")], earlier, KEY)
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


@pytest.mark.parametrize("content", ["{", '[{"variant": "a"}]', "[3]", '{"variant": 1}'])
def test_damaged_results_are_named(tmp_path, content):
    (tmp_path / "results.json").write_text(content)
    with pytest.raises(UserError, match=r"results\.json: not rows with variant, seed"):
        earlier_rows(tmp_path, KEY)


def test_two_runs_of_one_cell_are_refused():
    with pytest.raises(UserError, match=r"the same variant, seed: \('a', 0\)"):
        with_earlier([row("a", 0, 0.5), row("a", 0, 0.25)], [], KEY)
