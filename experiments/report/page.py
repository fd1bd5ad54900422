"""The page of all results: of each its finding, a compact table, its pictures and the command."""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from data.files.json_files import parse_json
from experiments.console.errors import UserError
from experiments.console.reading import reading, rows
from experiments.report.compact_table import Line, compact_table
from experiments.report.provenance import Row
from experiments.report.results_table import markdown_rows
from experiments.report.table import Table
from experiments.report.tables import TABLES

FINDING_FILE = "finding.md"
"""In a folder of results: what was found, in two sentences."""

MAIN = "table2"
"""The table that the page begins with, at a length that each of its variants was trained for."""

_OVERVIEW = ("variant", "test_cross_entropy", "paper", "ratio")
_COMMAND = re.compile(r"(?:Written by|Command:) `([^`]+)`")
_INTRODUCTION = """# Results

Written by `python -m experiments.report` from the files in `experiments/results`. Numbers have
three significant digits. Where several seeds ran, they are means ± standard deviations; a deviation
that is not shown is below the last digit.
"""


def report(results: Path, page: Path) -> str:
    """The page's text.

    Args:
      results: folder of folders of results.
      page: path of the page, from which it refers to the files.

    Raises:
      UserError: no results, or damaged ones.
    """
    folders = {path.parent.name: path.parent for path in results.glob("*/results.json")}
    if not folders:
        raise UserError(f"{results}: no folder with a results.json")
    others = sorted(folders.keys() - TABLES.keys())
    parts = [_INTRODUCTION]
    if MAIN in folders:
        parts.append(_overview(folders[MAIN]))
    parts += [
        _section(folders[name], TABLES.get(name, Table(name)), page.parent)
        for name in (*TABLES, *others)
        if name in folders
    ]
    return "\n".join(parts)


def _section(folder: Path, table: Table, root: Path) -> str:
    def link(path: Path) -> str:
        return Path(os.path.relpath(path, root)).as_posix()

    lines = _lines(folder, table, _read(folder))
    table_file = folder / "results.md"
    try:
        written = table_file.read_text() if table_file.exists() else ""
        finding = folder / FINDING_FILE
        parts = [f"## {table.title}\n"]
        parts += [finding.read_text()] if finding.exists() else []
    except (OSError, ValueError) as error:
        raise UserError(f"{folder}: damaged results ({error})") from error
    if lines:
        parts.append(markdown_rows(lines))
    pictures = sorted(folder.glob("*.png"))
    parts += [f"![{folder.name}, {picture.stem}]({link(picture)})\n" for picture in pictures]
    command = _COMMAND.search(written)
    made = f"Made by `{command[1]}`; all rows" if command else "All rows"
    rows = table_file if written else folder / "results.json"
    parts.append(f"{made}: [{rows.name}]({link(rows)}).\n")
    return "\n".join(parts)


def _read(folder: Path) -> list[Row]:
    path = folder / "results.json"
    with reading(path, "rows of results"):
        return rows(parse_json(path))


def _lines(folder: Path, table: Table, rows: Sequence[Row]) -> list[Line]:
    path = folder / "results.json"
    with reading(path, "rows of results"):
        try:
            return compact_table(table, rows)
        except UserError as error:
            raise UserError(f"{path}: not rows of results ({error})") from error


def _overview(folder: Path) -> str:
    """The main table's runs by their recipe in short; nothing where they share no length."""
    lengths: dict[str, set[int]] = {}
    rows = [row for row in _read(folder) if not row.get("settings")]
    for row in rows:
        if not isinstance(row.get("variant"), str) or not isinstance(row.get("sequences"), int):
            raise UserError(
                f"{folder / 'results.json'}: not rows of results (one has no variant or sequences)"
            )
        lengths.setdefault(row["variant"], set()).add(row["sequences"])
    common = set.intersection(*lengths.values()) if lengths else set()
    if not common:
        return ""
    table = replace(
        TABLES[MAIN],
        columns={
            name: heading for name, heading in TABLES[MAIN].columns.items() if name in _OVERVIEW
        },
        by=("variant",),
        where={"sequences": (max(common),)},
    )
    text = (
        f"The {len(lengths)} variants after {max(common):,} training sequences each, beside the "
        "paper's numbers:\ntest cross-entropy of the next frame of binary moving MNIST.\n"
    )
    return f"{text}\n{markdown_rows(_lines(folder, table, rows))}"
