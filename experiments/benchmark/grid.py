"""Rows of measured cells: kept in a file, compared, and written as a table a machine."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from data.files.json_files import parse_json
from experiments.benchmark.cells import Cell
from experiments.benchmark.machine import FACTS, heading
from experiments.benchmark.measure import measure
from experiments.console.reading import number, reading
from experiments.console.reading import rows as checked_rows
from experiments.report.results_table import markdown_rows
from experiments.run.provenance import current_commit
from experiments.run.results import write_file

_FIELDS = ("variant", "phase", "ours_s", "torch_s", "speedup", "ours_peak_mb", "torch_peak_mb")
_CELL = tuple(Cell.__dataclass_fields__)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Rows of a file; none, if there is no file.

    Raises:
      UserError: it is damaged.
    """
    if not path.exists():
        return []
    with reading(path, "rows of the benchmark; without the file, all is measured anew"):
        rows = checked_rows(parse_json(path))
        for row in rows:
            number(row["ours_s"])
            for name in (*_CELL, *FACTS, "device", "commit"):
                hash(row[name])
    return rows


def measure_all(
    cells: Iterable[Cell],
    path: Path,
    machine: dict[str, Any],
    budget_s: float,
    *,
    again: bool = False,
    known: Sequence[dict[str, Any]] = (),
) -> list[dict[str, Any]]:
    """Rows of all cells on this machine, known or from the file, otherwise measured.

    Args:
      cells: what to measure.
      path: the file, to which rows are added, each with the commit that measured it. Rows of other
        cells and of other machines or versions stay.
      machine: see `experiments.benchmark.machine.machine`.
      budget_s: see `measure`.
      again: whether rows of the file are measured anew.
      known: rows from elsewhere, which count before those of the file.

    Raises:
      UserError: the file is damaged or cannot be written, or a measurement failed.
    """
    rows = {_key(row): row for row in read_rows(path)}
    result = []
    for cell in cells:
        key = (cell, *_facts(machine).values())
        row = next((row for row in known if _key(row) == key), None)
        if row is None and not again:
            row = rows.get(key)
        if row is None:
            measured = measure(cell, budget_s, machine["isa"])
            row = measured | machine | {"commit": current_commit()}
            print(_summary(row), flush=True)
        rows[key] = row
        write_file(path, json.dumps(list(rows.values()), indent=1) + "\n")
        result.append(row)
    return result


def best_batches(grid: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row a machine, variant and phase: seconds of each side at its best batch.

    Memory is that of both sides at the batch which is best for ours; `commit` names all that
    measured.
    """
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in grid:
        groups.setdefault((*_facts(row).values(), row["variant"], row["phase"]), []).append(row)
    rows = []
    for cells in groups.values():
        ours = min(cells, key=lambda row: row["ours_s"])
        row = {name: ours[name] for name in _FIELDS} | {"ours_batch": ours["batch"]}
        if ours["torch_s"] is not None:
            torch = min(cells, key=lambda row: row["torch_s"])
            row |= {
                "torch_s": torch["torch_s"],
                "torch_batch": torch["batch"],
                "speedup": torch["torch_s"] / ours["ours_s"],
                "memory_ratio": ours["ours_peak_mb"] / ours["torch_peak_mb"],
            }
        row["compilation_s"] = max(cell["ours_compilation_s"] for cell in cells)
        row |= _facts(ours) | {"device": ours["device"]}
        row["commit"] = ", ".join(dict.fromkeys(cell["commit"] for cell in cells))
        rows.append(row)
    return rows


def tables(rows: Iterable[dict[str, Any]], command: str) -> str:
    """A Markdown table for each machine, below its name and versions."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        rest = {name: value for name, value in row.items() if name not in FACTS}
        groups.setdefault(heading(row), []).append(rest)
    parts = [f"Written by `{command}`.\n"]
    parts += [f"### {machine}\n\n{markdown_rows(group)}" for machine, group in groups.items()]
    return "\n".join(parts)


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in FACTS}


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return (Cell(**{name: row[name] for name in _CELL}), *_facts(row).values())


def _summary(row: dict[str, Any]) -> str:
    cell = (
        f"{row['variant']:16} {row['phase']:6} batch {row['batch']:2} tau {row['tau']:2} "
        f"size {row['size']:3} segment {row['segment']:2}: ours {1e3 * row['ours_s']:8.2f} ms "
        f"{row['ours_peak_mb']:6.0f} MB, compiled in {row['ours_compilation_s']:4.1f} s"
    )
    if row["torch_s"] is None:
        return cell
    return (
        f"{cell}; torch {1e3 * row['torch_s']:8.2f} ms {row['torch_peak_mb']:6.0f} MB; "
        f"ratio {row['speedup']:.2f}"
    )
