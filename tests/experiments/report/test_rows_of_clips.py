import json

import pytest

from experiments.console.errors import UserError
from experiments.report import clips
from experiments.report.table import Measurements, Predictions

MEANS = {"mean_squared_error": 0.002, "copy_last": 0.004, "zero_flow": 0.008, "flicker": 0.1}
SUMMARY = {"size": [20, 30], "num_predicted": 7, "milliseconds_a_frame": 3.0, "means": MEANS}


def predictions(folder):
    source = Predictions()
    return clips.predictions(source, folder, sorted(folder.glob(source.files)))


def measurements(folder):
    source = Measurements()
    return clips.measurements(source, folder, sorted(folder.glob(source.files)))


def test_a_row_a_prediction(tmp_path):
    for name in ("plain/box", "plain/face", "other/box"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "summary.json").write_text(json.dumps(SUMMARY))
    table = predictions(tmp_path)
    assert [row["prediction"] for row in table] == ["other/box", "plain/box", "plain/face"]
    assert table[0]["error_to_copy_last"] == 0.5
    assert table[0]["error_to_zero_flow"] == 0.25
    assert (table[0]["size"], table[0]["frames"], table[0]["flicker"]) == ("20x30", 7, 0.1)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"means": {}}'])
def test_damaged_summaries_are_named(tmp_path, content):
    (tmp_path / "summary.json").write_text(content)
    with pytest.raises(UserError, match=r"summary.json: not a summary of a prediction"):
        predictions(tmp_path)


def test_a_row_a_run_of_all_its_clips(tmp_path):
    for name, error in (("plain", 0.5), ("other", 0.25)):
        (tmp_path / name / "clips").mkdir(parents=True)
        content = [{"clip": "a", "ours_to_copy": 9.0}, {"clip": "all 2", "ours_to_copy": error}]
        (tmp_path / name / "clips" / "results.json").write_text(json.dumps([content[0], *content]))
    other, plain = measurements(tmp_path)
    assert (other["run"], other["ours_to_copy"], other["clips"]) == ("other", 0.25, 2)
    assert (plain["run"], plain["ours_to_copy"]) == ("plain", 0.5)


@pytest.mark.parametrize("content", ["{", "[]", "{}", "[1]", "3"])
def test_damaged_measurements_are_named(tmp_path, content):
    folder = tmp_path / "run" / "clips"
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(content)
    with pytest.raises(UserError, match=r"results.json: not the results of a measurement"):
        measurements(tmp_path)
