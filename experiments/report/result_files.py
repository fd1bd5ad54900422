"""Rows of one kind of result file of many runs."""

from collections.abc import Sequence
from pathlib import Path

from data.files.json_files import parse_json
from experiments.console.reading import reading
from experiments.console.reading import rows as checked_rows
from experiments.measure.paper import AHEAD
from experiments.report.provenance import Row, sequences_trained, training
from experiments.report.table import ResultFile

_NO_ROWS = ("network",)  # entries of an evaluation that describe the run


def rows(source: ResultFile, runs: Path, files: Sequence[Path]) -> list[Row]:
    """The rows of each file, with the name of its run; those of others, if asked for.

    Args:
      source: see there for what the files hold; beside what others report, a model's row has the
        number of its training sequences.
      runs: folder of the runs.
      files: each in its run's folder.

    Raises:
      UserError: one is damaged.
    """
    ours: list[Row] = [
        {"run": path.parent.name} | row | training(path.parent)
        for path in files
        for row in _rows_of(path)
    ]
    if not source.published:
        return ours
    trained = {path.parent.name: sequences_trained(path.parent) for path in files}
    for row in ours:
        if row.get("name") == "model" and "frame" not in row:
            row["sequences"] = trained[row["run"]]
    return [*ours, *map(dict, AHEAD)]


def _rows_of(path: Path) -> list[Row]:
    with reading(path, "rows of results"):
        entries = parse_json(path)
        if isinstance(entries, dict):
            named = {
                name: row
                for name, row in entries.items()
                if isinstance(row, dict) and name not in _NO_ROWS
            }
            entries = [{"name": name} | row for name, row in named.items()]
        return checked_rows([part for row in entries for part in _by_frame(row)])


def _by_frame(row: Row) -> list[Row]:
    """The row without its lists, and a row for each of their elements."""
    lists = {name: value for name, value in row.items() if isinstance(value, list)}
    scalars = {name: value for name, value in row.items() if name not in lists}
    frames = [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]
    name = {"name": row["name"]} if "name" in row else {}
    return [scalars, *(name | {"frame": n} | frame for n, frame in enumerate(frames, start=1))]
