"""Rows of what `experiments.measure.video` measured of runs."""

import json
from collections.abc import Sequence
from pathlib import Path

from experiments.console.errors import UserError
from experiments.report.provenance import Row
from experiments.report.table import Measurements


def rows(source: Measurements, folder: Path, files: Sequence[Path]) -> list[Row]:
    """A row for each measurement, of all its clips, named by the folder that holds it.

    Raises:
      UserError: results are damaged.
    """
    table = []
    for path in files:
        try:
            *clips, means = json.loads(path.read_text())
            run = path.parent.parent.relative_to(folder).as_posix()
            table.append({"run": run, "clips": len(clips), **means})
        except (ValueError, TypeError) as error:
            raise UserError(f"{path}: not the results of a measurement ({error})") from error
    return table
