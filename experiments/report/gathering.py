"""Gathers one kind of result file of many runs into a small table that can be committed.

What is written, and how, is described in the program, `experiments.gather`.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.console.errors import UserError
from experiments.report.results_table import (
    PROVENANCE,
    content,
    training,
    with_known_provenance,
)


def rows(runs: Path, file: str, earlier: Sequence[dict[str, Any]] = ()) -> list[dict[str, Any]]:
    """Rows of all runs that have the file, in the order of their names.

    Args:
      runs: folder of run folders.
      file: its name.
      earlier: rows gathered before; those of other runs stay.

    Raises:
      UserError: no run has it, or one is damaged.
    """
    paths = sorted(runs.glob(f"*/{file}"))
    if not paths:
        raise UserError(f"{runs}: no run with a {file}")
    here = {path.parent.name for path in paths}
    known = {(name, _text(row)): row for row in earlier for name in row["run"].split(", ")}
    found: list[tuple[set[str], dict[str, Any]]] = []
    for path in paths:
        name, trained = path.parent.name, training(path.parent)
        for row in _rows_of(path):
            told = with_known_provenance(row | trained, known.get((name, _text(row))))
            found.append(({name}, told))
    found += [(set(row["run"].split(", ")) - here, row) for row in earlier]
    shared: dict[str, list[dict[str, Any]]] = {}
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


def _common(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What rows of one content have in common of where they come from; None where they differ."""
    names = [name for name in PROVENANCE if any(name in row for row in rows)]
    values = {name: {row.get(name) for row in rows} for name in names}
    return {name: found.pop() if len(found) == 1 else None for name, found in values.items()}


def _text(row: dict[str, Any]) -> str:
    """The same for rows of one content."""
    return json.dumps(content(row), sort_keys=True)


def _rows_of(path: Path) -> list[dict[str, Any]]:
    try:
        entries = json.loads(path.read_text())
        if isinstance(entries, dict):
            named = {name: row for name, row in entries.items() if isinstance(row, dict)}
            entries = [{"name": name} | row for name, row in named.items()]
        return [part for row in entries for part in _by_frame(row)]
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise UserError(f"{path}: not rows of results ({error})") from error


def _by_frame(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The row without its lists, and a row for each of their elements."""
    lists = {name: value for name, value in row.items() if isinstance(value, list)}
    scalars = {name: value for name, value in row.items() if name not in lists}
    frames = [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]
    name = {"name": row["name"]} if "name" in row else {}
    return [scalars, *(name | {"frame": n} | frame for n, frame in enumerate(frames, start=1))]
