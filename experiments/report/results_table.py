"""Results as files that can be committed: rows as JSON, and a Markdown table with their command.

A row of a run has the device and the commit that trained it. Nothing else in the files depends on
where or when they are written, so that the same rows make the same files.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data.atomic_file import write_atomically
from experiments.console.errors import UserError
from experiments.run.provenance import trained_by

PROVENANCE = ("device", "commit", "gathered_by")
"""Columns on where a row comes from.

`gathered_by` is what rows had before runs recorded what trained them: the commit that gathered it.
"""


def training(folder: Path) -> dict[str, str | None]:
    """A row's device and commit, see `trained_by`: those that trained a run."""
    facts = trained_by(folder)
    return {"device": facts["trained_device"], "commit": facts["trained_commit"]}


def content(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says, without its run's name and where it comes from."""
    return {name: value for name, value in row.items() if name not in ("run", *PROVENANCE)}


def with_known_provenance(row: dict[str, Any], known: Mapping[str, Any] | None) -> dict[str, Any]:
    """The row; if its run tells nothing of its training, with what an equal known row tells."""
    if known is None or any(row.get(name) for name in PROVENANCE) or content(row) != content(known):
        return row
    return row | {name: known[name] for name in PROVENANCE if name in known}


def results_table(rows: Sequence[dict[str, Any]], command: str, subject: str = "") -> str:
    """A column a field, below a line that quotes the command.

    Args:
      rows: at least one; fields that a row lacks stay empty.
      command: what made them.
      subject: a sentence to begin with.

    Returns:
      The text, ending in a line break.
    """
    heading = [*filter(None, [subject]), f"Written by `{command}`."]
    return " ".join(heading) + "\n\n" + markdown_rows(rows)


def markdown_rows(rows: Sequence[dict[str, Any]]) -> str:
    """A Markdown table with a column a field; fields that a row lacks stay empty."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    names.sort(key=lambda name: PROVENANCE.index(name) + 1 if name in PROVENANCE else 0)  # last
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    lines += [f"| {' | '.join(cell_text(row.get(name)) for name in names)} |" for row in rows]
    return "\n".join(lines) + "\n"


def cell_text(value: Any) -> str:
    """A field's value in a table; of a mapping, its entries."""
    if value is None or value == {}:
        return "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={cell_text(part)}" for name, part in value.items())
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def publish(folder: Path, rows: Sequence[dict[str, Any]], command: str, subject: str = "") -> None:
    """Writes rows and their table into a folder, see `write_results`, and prints the table."""
    text = results_table(rows, command, subject)
    write_results(folder, rows, text)
    print(text)


def earlier_rows(folder: Path, key: Sequence[str]) -> list[dict[str, Any]]:
    """Rows that a folder of results holds; none, if there are no results.

    Raises:
      UserError: they are damaged, or lack a field of the key.
    """
    path = folder / "results.json"
    try:
        rows = json.loads(path.read_text()) if path.exists() else []
        for row in rows:
            for name in key:
                row[name]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not rows with {', '.join(key)} ({error!r})") from error
    return rows


def with_earlier(
    folder: Path, rows: Sequence[dict[str, Any]], key: Sequence[str]
) -> list[dict[str, Any]]:
    """Adds earlier rows of a folder's results, so that a table can grow over machines.

    Args:
      folder: of results, written or not.
      rows: new ones.
      key: fields that tell cells apart; a new row replaces the earlier one of its cell.

    Returns:
      The rows of all cells by their key; earlier ones as they are.

    Raises:
      UserError: two new rows are of one cell, or the earlier results are damaged.
    """
    earlier = {tuple(row[name] for name in key): row for row in earlier_rows(folder, key)}
    new: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        cell = tuple(row[name] for name in key)
        if cell in new:
            raise UserError(f"two runs have the same {', '.join(key)}: {cell}; remove one")
        new[cell] = with_known_provenance(row, earlier.get(cell))
    cells = earlier | new
    return [cells[cell] for cell in sorted(cells)]


def write_results(folder: Path, rows: Sequence[dict[str, Any]], table: str) -> None:
    """Writes `results.json` and `results.md` into a folder, which is made if need be.

    Raises:
      UserError: they cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / "results.md", table)
        write_atomically(folder / "results.json", json.dumps(rows, indent=1) + "\n")
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror})") from error
