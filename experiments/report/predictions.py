"""Gathers what `experiments.predict` measured into a small table that can be committed.

What is written, and how, is described in the program, `experiments.tabulate_predictions`.
"""

import json
from pathlib import Path
from typing import Any

from experiments.console.errors import UserError


def rows(predictions: Path) -> list[dict[str, Any]]:
    """A row for each prediction, in the order of their paths.

    Raises:
      UserError: there is none, or one is damaged.
    """
    table = []
    for path in sorted(predictions.rglob("summary.json")):
        try:
            summary = json.loads(path.read_text())
            means = summary["means"]
            table.append(
                {
                    "prediction": path.parent.relative_to(predictions).as_posix(),
                    "size": "x".join(map(str, summary["size"])),
                    "frames": summary["num_predicted"],
                    "milliseconds_a_frame": summary["milliseconds_a_frame"],
                    "error_to_copy_last": _ratio(means["mean_squared_error"], means["copy_last"]),
                    "error_to_zero_flow": _ratio(means["mean_squared_error"], means["zero_flow"]),
                }
                | means
            )
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}: not a summary of a prediction ({error})") from error
    if not table:
        raise UserError(f"{predictions}: no summary.json below it")
    return table


def _ratio(error: float, other: float) -> float | None:
    """None for a video whose frames are all the same."""
    return error / other if other else None
