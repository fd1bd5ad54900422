import json

import pytest

from experiments.console.errors import UserError
from experiments.report import result_files
from experiments.report.merging import with_earlier_shared
from experiments.report.table import ResultFile

TRAINED = {"device": "card", "commit": "abc"}


def write(folder, content, commit="abc"):
    folder.mkdir(exist_ok=True)
    (folder / "flow_test.json").write_text(json.dumps(content))
    entries = [{"step": 0, "device": "card", "commit": commit}]
    (folder / "environment.json").write_text(json.dumps(entries))


def rows(runs, earlier=()):
    source = ResultFile("flow")
    return with_earlier_shared(
        result_files.rows(source, runs, sorted(runs.glob(source.files))), earlier
    )


def test_rows_by_name_with_shared_ones_once(tmp_path):
    zero = {"error": 3.0}
    network = {"encoder_features": [3], "memory": "conv"}
    write(tmp_path / "b", {"count": 5, "model": {"error": 2.0}, "zero": zero, "network": network})
    write(tmp_path / "a", {"count": 5, "model": {"error": 1.0}, "zero": zero})
    assert rows(tmp_path) == [
        {"run": "a", "name": "model", "error": 1.0} | TRAINED,
        {"run": "a, b", "name": "zero", "error": 3.0} | TRAINED,
        {"run": "b", "name": "model", "error": 2.0} | TRAINED,
    ]


def test_scores_frame_by_frame_get_rows(tmp_path):
    write(tmp_path / "a", {"model": {"mean": 2.0, "mse": [1.0, 3.0], "ssim": [0.5, 0.25]}})
    assert rows(tmp_path) == [
        {"run": "a", "name": "model", "mean": 2.0} | TRAINED,
        {"run": "a", "name": "model", "frame": 1, "mse": 1.0, "ssim": 0.5} | TRAINED,
        {"run": "a", "name": "model", "frame": 2, "mse": 3.0, "ssim": 0.25} | TRAINED,
    ]


def test_lists_of_rows(tmp_path):
    write(tmp_path / "a", [{"task": 1}, {"task": 2}])
    assert rows(tmp_path) == [
        {"run": "a", "task": 1} | TRAINED,
        {"run": "a", "task": 2} | TRAINED,
    ]


def test_rows_of_runs_that_are_elsewhere_stay(tmp_path):
    write(tmp_path / "b", {"model": {"error": 2.0}, "zero": {"error": 3.0}})
    earlier = [
        {"run": "a", "name": "model", "error": 1.0, "device": "cpu", "commit": "old"},
        {"run": "a, b", "name": "zero", "error": 3.0} | TRAINED,
        {"run": "b", "name": "model", "error": 9.0, "device": "cpu", "commit": "old"},
    ]
    table = rows(tmp_path, earlier)
    assert table == [*earlier[:2], earlier[2] | {"error": 2.0} | TRAINED]
    assert rows(tmp_path, table) == table


def test_rows_from_before_the_record_keep_what_gathered_them(tmp_path):
    write(tmp_path / "b", {"model": {"error": 2.0}})
    earlier = [{"run": "a", "name": "model", "error": 1.0, "gathered_by": "old"}]
    assert rows(tmp_path, earlier)[0] == earlier[0]
    write(tmp_path / "a", {"model": {"error": 1.0}})
    (tmp_path / "a" / "environment.json").unlink()
    again = rows(tmp_path, earlier)[0]
    assert again == earlier[0] | {"device": None, "commit": None}


def test_a_shared_row_tells_what_all_its_runs_have_in_common(tmp_path):
    write(tmp_path / "a", {"zero": {"error": 3.0}}, commit="one")
    write(tmp_path / "b", {"zero": {"error": 3.0}}, commit="two")
    (row,) = rows(tmp_path)
    assert (row["run"], row["device"], row["commit"]) == ("a, b", "card", None)
    (tmp_path / "b" / "environment.json").unlink()
    (row,) = rows(tmp_path)
    assert (row["device"], row["commit"]) == (None, None)


def test_rows_keep_their_order_when_a_run_is_scored_again(tmp_path):
    write(tmp_path / "a", {"model": {"error": 2.0}, "zero": {"error": 3.0}})
    write(tmp_path / "b", {"model": {"error": 5.0}, "zero": {"error": 3.0}})
    first = rows(tmp_path)
    write(tmp_path / "a", {"model": {"error": 1.0}, "zero": {"error": 3.0}})
    again = rows(tmp_path, first)
    assert again == [first[0] | {"error": 1.0}, *first[1:]]


def test_damaged_files_are_named(tmp_path):
    write(tmp_path / "a", [3])
    with pytest.raises(UserError, match=r"a/flow_test\.json: not rows of results"):
        rows(tmp_path)
