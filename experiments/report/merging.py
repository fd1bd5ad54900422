"""New rows among those that a folder of results holds, so that it can grow over machines."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.files.json_files import parse_json
from experiments.console.errors import UserError
from experiments.console.reading import reading
from experiments.console.reading import rows as checked_rows
from experiments.report.provenance import PROVENANCE, Row, content, with_known_provenance

_KEYS = (str, int, float, dict)
_SETTINGS = "settings"  # earlier rows of runs by the recipe have none


def earlier_rows(folder: Path, key: Sequence[str]) -> list[Row]:
    """Rows that a folder of results holds; none, if there are no results.

    Raises:
      UserError: they are damaged, or lack a field of the key.
    """
    path = folder / "results.json"
    if not path.exists():
        return []
    with reading(path, f"rows with {', '.join(key)}"):
        rows = checked_rows(parse_json(path))
        if _SETTINGS in key:
            rows = [row | {_SETTINGS: row.get(_SETTINGS, {})} for row in rows]
        for row in rows:
            if missing := [name for name in key if not isinstance(row.get(name), _KEYS)]:
                raise ValueError(f"a row without {missing[0]}")
    return rows


def with_earlier(rows: Sequence[Row], earlier: Sequence[Row], key: Sequence[str]) -> list[Row]:
    """Adds earlier rows to new ones.

    Args:
      rows: new ones.
      earlier: those that were there.
      key: fields that distinguish cells; a new row replaces the earlier one of its cell.

    Returns:
      The rows of all cells by their key; earlier ones as they are.

    Raises:
      UserError: two new rows are of one cell.
    """

    def cell_of(row: Row) -> tuple[Any, ...]:
        return tuple(_sortable(row[name]) for name in key)

    known = {cell_of(row): row for row in earlier}
    new: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        cell = cell_of(row)
        if cell in new:
            raise UserError(f"two runs have the same {', '.join(key)}: {cell}; remove one")
        new[cell] = with_known_provenance(row, known.get(cell))
    cells = known | new
    return [cells[cell] for cell in sorted(cells)]


def _sortable(value: Any) -> Any:
    """A value of a key; of a mapping, a text, which is empty if there is nothing in it."""
    if not isinstance(value, dict):
        return value
    return json.dumps(value, sort_keys=True) if value else ""


def with_earlier_shared(rows: Sequence[Row], earlier: Sequence[Row]) -> list[Row]:
    """Adds earlier rows to new ones, of which a run has several and runs may share some.

    Args:
      rows: new ones, each of one `run`.
      earlier: those that were there, with the names of their runs; of the runs that the new rows
        are of, they go.

    Returns:
      The rows by the names of their runs. A row that several runs have, such as a baseline's,
      appears once, with all their names, and with what they have in common of where they come from.
    """
    here = {row["run"] for row in rows}
    known = {(name, _text(row)): row for row in earlier for name in _runs(row)}
    found = [
        ({row["run"]}, with_known_provenance(row, known.get((row["run"], _text(row)))))
        for row in rows
    ]
    found += [(_runs(row) - here, row) for row in earlier]
    shared: dict[str, list[Row]] = {}
    runs_of: dict[str, set[str]] = {}
    for names, row in found:
        if names:
            shared.setdefault(_text(row), []).append(row)
            runs_of.setdefault(_text(row), set()).update(names)
    table = [
        {"run": ", ".join(sorted(runs_of[text]))} | content(same[-1]) | _common(same)
        for text, same in shared.items()
    ]
    return sorted(table, key=lambda row: row["run"])


def _runs(row: Row) -> set[str]:
    return set(row["run"].split(", "))


def _common(rows: Sequence[Row]) -> Row:
    """What rows of one content have in common of where they come from; None where they differ."""
    names = [name for name in PROVENANCE if any(name in row for row in rows)]
    values = {name: {row.get(name) for row in rows} for name in names}
    return {name: found.pop() if len(found) == 1 else None for name, found in values.items()}


def _text(row: Row) -> str:
    """The same for rows of one content."""
    return json.dumps(content(row), sort_keys=True)
