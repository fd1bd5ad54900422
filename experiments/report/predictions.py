"""Rows of what `experiments.predict` measured."""

import json
from collections.abc import Sequence
from pathlib import Path

from experiments.console.errors import UserError
from experiments.report.provenance import Row
from experiments.report.table import Predictions


def rows(source: Predictions, folder: Path, files: Sequence[Path]) -> list[Row]:
    """A row for each prediction, named by its path below the folder.

    Raises:
      UserError: a summary is damaged.
    """
    table = []
    for path in files:
        try:
            summary = json.loads(path.read_text())
            means = summary["means"]
            table.append(
                {
                    "prediction": path.parent.relative_to(folder).as_posix(),
                    "size": "x".join(map(str, summary["size"])),
                    "frames": summary["num_predicted"],
                    "milliseconds_a_frame": summary["milliseconds_a_frame"],
                    "error_to_copy_last": _ratio(means["mean_squared_error"], means["copy_last"]),
                    "error_to_zero_flow": _ratio(
                        means["mean_squared_error"], means.get("zero_flow")
                    ),
                }
                | means
            )
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}: not a summary of a prediction ({error})") from error
    return table


def _ratio(error: float, other: float | None) -> float | None:
    """None for a video whose frames are all the same, and for what was not measured."""
    return error / other if other else None
