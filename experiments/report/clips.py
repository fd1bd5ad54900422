"""Rows of what was measured of predicted videos: by `experiments.predict`, by `measure.video`."""

from collections.abc import Sequence
from pathlib import Path

from data.files.json_files import parse_json
from experiments.console.reading import number, numbers, reading
from experiments.console.reading import rows as checked_rows
from experiments.report.provenance import Row
from experiments.report.table import Measurements, Predictions


def predictions(source: Predictions, folder: Path, files: Sequence[Path]) -> list[Row]:
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


def measurements(source: Measurements, folder: Path, files: Sequence[Path]) -> list[Row]:
    """A row for each measurement, of all its clips, named by the folder that holds it.

    Raises:
      UserError: results are damaged.
    """
    table = []
    for path in files:
        with reading(path, "the results of a measurement"):
            *clips, means = checked_rows(parse_json(path))
            run = path.parent.parent.relative_to(folder).as_posix()
            table.append({"run": run, "clips": len(clips), **means})
    return table


def _ratio(error: float | None, other: float | None) -> float | None:
    """None for a video whose frames are all the same, and for what was not measured."""
    return error / other if other and error is not None else None
