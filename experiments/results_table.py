"""Results as a Markdown table that quotes the circumstances under which they came about."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax

from experiments.errors import UserError
from experiments.run_folder import write_atomically


def results_table(rows: Sequence[dict[str, Any]], command: str, subject: str = "") -> str:
    """A column a field, below one line of circumstances.

    Args:
      rows: at least one; fields that a row lacks stay empty.
      command: what made them.
      subject: a sentence to begin with.

    Returns:
      The text, ending in a line break.
    """
    heading = [*filter(None, [subject]), f"Command: `{command}`.", _circumstances()]
    return " ".join(heading) + "\n\n" + markdown_rows(rows)


def markdown_rows(rows: Sequence[dict[str, Any]]) -> str:
    """A Markdown table with a column a field; fields that a row lacks stay empty."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    lines += [f"| {' | '.join(_cell(row.get(name)) for name in names)} |" for row in rows]
    return "\n".join(lines) + "\n"


def publish(folder: Path, rows: Sequence[dict[str, Any]], command: str, subject: str = "") -> None:
    """Writes rows and their table into a folder, see `write_results`, and prints the table."""
    text = results_table(rows, command, subject)
    write_results(folder, rows, text)
    print(text)


def write_results(folder: Path, rows: Sequence[dict[str, Any]], table: str) -> None:
    """Writes `results.json` and `results.md` into a folder, which is made if need be.

    Raises:
      UserError: they cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / "results.json", json.dumps(rows, indent=1) + "\n")
        write_atomically(folder / "results.md", table)
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror})") from error


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _circumstances() -> str:
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        commit = ""
    device = jax.devices()[0]
    return (
        f"Commit {commit or 'unknown'}, JAX {jax.__version__}, {device.device_kind} "
        f"({os.cpu_count()} cores, {platform.machine()})."
    )
