import json

import pytest

from experiments.errors import UserError
from experiments.gather import rows


def write(folder, content):
    folder.mkdir()
    (folder / "x.json").write_text(json.dumps(content))


def test_rows_by_name_with_shared_ones_once(tmp_path):
    zero = {"error": 3.0}
    write(tmp_path / "b", {"count": 5, "model": {"error": 2.0}, "zero": zero})
    write(tmp_path / "a", {"count": 5, "model": {"error": 1.0}, "zero": zero})
    assert rows(tmp_path, "x.json") == [
        {"run": "a", "name": "model", "error": 1.0},
        {"run": "a, b", "name": "zero", "error": 3.0},
        {"run": "b", "name": "model", "error": 2.0},
    ]


def test_scores_frame_by_frame_get_rows(tmp_path):
    write(tmp_path / "a", {"model": {"mean": 2.0, "mse": [1.0, 3.0], "ssim": [0.5, 0.25]}})
    assert rows(tmp_path, "x.json") == [
        {"run": "a", "name": "model", "mean": 2.0},
        {"run": "a", "name": "model", "frame": 1, "mse": 1.0, "ssim": 0.5},
        {"run": "a", "name": "model", "frame": 2, "mse": 3.0, "ssim": 0.25},
    ]


def test_lists_of_rows(tmp_path):
    write(tmp_path / "a", [{"task": 1}, {"task": 2}])
    assert rows(tmp_path, "x.json") == [{"run": "a", "task": 1}, {"run": "a", "task": 2}]


def test_no_and_damaged_files_are_named(tmp_path):
    with pytest.raises(UserError, match=r"no run with a x\.json"):
        rows(tmp_path, "x.json")
    write(tmp_path / "a", [3])
    with pytest.raises(UserError, match=r"a/x\.json: not rows of results"):
        rows(tmp_path, "x.json")
