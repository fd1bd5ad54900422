"""Scores with rounded products, beside those of the run's evaluation."""

from pathlib import Path

import pytest
from small_run import run

RUN = Path(__file__).parents[1] / "run" / "format1"


def test_each_precision_has_a_row():
    code, output, errors = run("evaluate_precision", f"--workdir={RUN}", "--num_sequences=2")
    assert (code, errors) == (0, "")
    names, _, *rows = [
        line.strip("| ").split(" | ") for line in output.splitlines() if line.startswith("|")
    ]
    table = {row[0]: dict(zip(names[1:], row[1:])) for row in rows}
    assert list(table) == ["float32", "tensorfloat32", "bfloat16"]
    moved = [float(row["moved"]) for row in table.values()]
    assert 0 == moved[0] < moved[1] < moved[2] < 0.1
    error = {name: float(row["mean_squared_error"]) for name, row in table.items()}
    assert error["tensorfloat32"] == pytest.approx(error["float32"], rel=1e-3)
    assert error["bfloat16"] == pytest.approx(error["float32"], rel=1e-2)
