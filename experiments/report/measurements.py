"""Rows of what `experiments.measure.video` measured of runs."""

from collections.abc import Sequence
from pathlib import Path

from data.files.json_files import parse_json
from experiments.console import reading
from experiments.report.provenance import Row
from experiments.report.table import Measurements


def rows(source: Measurements, folder: Path, files: Sequence[Path]) -> list[Row]:
    """A row for each measurement, of all its clips, named by the folder that holds it.

    Raises:
      UserError: results are damaged.
    """
    table = []
    for path in files:
        with reading.reading(path, "the results of a measurement"):
            *clips, means = reading.rows(parse_json(path))
            run = path.parent.parent.relative_to(folder).as_posix()
            table.append({"run": run, "clips": len(clips), **means})
    return table
