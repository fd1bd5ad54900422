"""Results as files that can be committed: rows as JSON, and a Markdown table with their command.

A row of a run has the device and the commit that trained it. Nothing else in the files depends on
where or when they are written, so that the same rows make the same files.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.report.provenance import PROVENANCE, Row
from experiments.run.results import make_folder, write_file


def results_table(rows: Sequence[Row], command: str, subject: str = "") -> str:
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


def quoted_command(folder: Path) -> str:
    """The command that a folder's table quotes; empty if there is no table, or none quoted."""
    path = folder / "results.md"
    text = path.read_text() if path.exists() else ""
    quoted = re.search(r"Written by `([^`]+)`", text)
    return quoted[1] if quoted else ""


def joined(before: str, command: str) -> str:
    """Commands that were quoted before and another one, as one line for a shell."""
    if not before or command.startswith(f"{before}; "):
        return command
    return before if command in before.split("; ") else f"{before}; {command}"


def markdown_rows(rows: Sequence[Mapping[str, Any]]) -> str:
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


def publish(folder: Path, rows: Sequence[Row], command: str, subject: str = "") -> None:
    """Writes rows and their table into a folder, see `write_results`, and prints the table."""
    text = results_table(rows, command, subject)
    write_results(folder, rows, text)
    print(text)


def write_results(folder: Path, rows: Sequence[Row], table: str) -> None:
    """Writes `results.json` and `results.md` into a folder, which is made if need be.

    Raises:
      UserError: they cannot be written.
    """
    make_folder(folder)
    write_file(folder / "results.md", table)
    write_file(folder / "results.json", json.dumps(rows, indent=1) + "\n")
