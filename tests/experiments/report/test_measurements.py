import json

import pytest

from experiments.console.errors import UserError
from experiments.report import measurements
from experiments.report.table import Measurements


def rows(folder):
    source = Measurements()
    return measurements.rows(source, folder, sorted(folder.glob(source.files)))


def test_a_row_a_run_of_all_its_clips(tmp_path):
    for name, error in (("plain", 0.5), ("other", 0.25)):
        (tmp_path / name / "clips").mkdir(parents=True)
        clips = [{"clip": "a", "ours_to_copy": 9.0}, {"clip": "all 2", "ours_to_copy": error}]
        (tmp_path / name / "clips" / "results.json").write_text(json.dumps([clips[0], *clips]))
    other, plain = rows(tmp_path)
    assert (other["run"], other["ours_to_copy"], other["clips"]) == ("other", 0.25, 2)
    assert (plain["run"], plain["ours_to_copy"]) == ("plain", 0.5)


@pytest.mark.parametrize("content", ["{", "[]", "{}", "[1]", "3"])
def test_damaged_results_are_named(tmp_path, content):
    folder = tmp_path / "run" / "clips"
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(content)
    with pytest.raises(UserError, match=r"results.json: not the results of a measurement"):
        rows(tmp_path)
