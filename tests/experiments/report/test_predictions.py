import json

import pytest

from experiments.console.errors import UserError
from experiments.report import predictions
from experiments.report.table import Predictions

MEANS = {"mean_squared_error": 0.002, "copy_last": 0.004, "zero_flow": 0.008, "flicker": 0.1}
SUMMARY = {"size": [20, 30], "num_predicted": 7, "milliseconds_a_frame": 3.0, "means": MEANS}


def rows(folder):
    source = Predictions()
    return predictions.rows(source, folder, sorted(folder.glob(source.files)))


def test_a_row_a_prediction(tmp_path):
    for name in ("plain/box", "plain/face", "other/box"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "summary.json").write_text(json.dumps(SUMMARY))
    table = rows(tmp_path)
    assert [row["prediction"] for row in table] == ["other/box", "plain/box", "plain/face"]
    assert table[0]["error_to_copy_last"] == 0.5
    assert table[0]["error_to_zero_flow"] == 0.25
    assert (table[0]["size"], table[0]["frames"], table[0]["flicker"]) == ("20x30", 7, 0.1)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"means": {}}'])
def test_damaged_summaries_are_named(tmp_path, content):
    (tmp_path / "summary.json").write_text(content)
    with pytest.raises(UserError, match=r"summary.json: not a summary of a prediction"):
        rows(tmp_path)
