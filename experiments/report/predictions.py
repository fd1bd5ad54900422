"""Rows of what `experiments.predict` measured."""

from collections.abc import Sequence
from pathlib import Path

from data.files.json_files import parse_json
from experiments.console.reading import number, numbers, reading
from experiments.report.provenance import Row
from experiments.report.table import Predictions


def rows(source: Predictions, folder: Path, files: Sequence[Path]) -> list[Row]:
    """A row for each prediction, named by its path below the folder.

    Raises:
      UserError: a summary is damaged.
    """
    table = []
    for path in files:
        with reading(path, "a summary of a prediction"):
            summary = parse_json(path)
            means = numbers(summary["means"])
            row: Row = {
                "prediction": path.parent.relative_to(folder).as_posix(),
                "size": "x".join(map(str, summary["size"])),
                "frames": number(summary["num_predicted"]),
                "milliseconds_a_frame": number(summary["milliseconds_a_frame"]),
                "error_to_copy_last": _ratio(means["mean_squared_error"], means["copy_last"]),
                "error_to_zero_flow": _ratio(means["mean_squared_error"], means.get("zero_flow")),
            }
            table.append(row | means)
    return table


def _ratio(error: float | None, other: float | None) -> float | None:
    """None for a video whose frames are all the same, and for what was not measured."""
    return error / other if other and error is not None else None
