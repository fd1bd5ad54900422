"""The page's table of some results: a few columns, lines averaged over seeds.

What the page knows of a row's `run`, where sweeps named it: `label`, the name without its length
and seed; `length`, training sequences; `seed`. A row that several runs share counts for each.
"""

import math
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments.console.errors import UserError
from experiments.report.provenance import PROVENANCE, Row
from experiments.report.results_table import cell_text
from experiments.report.table import Table

_RUN = re.compile(r"(.+)-(\d+)-seed(\d+)")
_OF_RUNS = ("label", "length")
_SEEDS = "seeds"
_DIGITS = 3  # significant ones

Line = dict[str, str]
_Scores = dict[str, dict[Any, Any]]  # by heading and seed


def compact_table(table: Table, rows: Sequence[Row]) -> list[Line]:
    """Lines of text by heading.

    Args:
      table: what is shown; without columns, all fields but those on where a row comes from.
      rows: of its results.

    Returns:
      A line for each cell of the table's `by`. Scores have three significant digits; several seeds'
      are `mean ± deviation`, by n - 1, and counted in a column `seeds`. A deviation that is nought
      in the digits shown is left out. Lines that differ in their runs alone, not in a score's
      last digit, are one. A column of the table's `by` in which no row has anything is left out.

    Raises:
      UserError: rows of one line don't differ in their seed.
    """
    if not table.columns:
        fields = dict.fromkeys(name for row in rows for name in row if name not in PROVENANCE)
        return [{name: _over_seeds([row.get(name)]) for name in fields} for row in rows]
    cells: dict[tuple[str, ...], tuple[Row, _Scores]] = {}
    for row in _shown(table, [part for shared in rows for part in _of_each_run(shared)]):
        cell = tuple(str(row.get(name)) for name in table.by)
        _, scores = cells.setdefault(cell, (row, {}))
        for heading, value in _scores(table, row).items():
            seeds = scores.setdefault(heading, {})
            if row.get("seed") in seeds:
                raise UserError(
                    f"several rows of {', '.join(cell)} that don't differ in their seed"
                )
            seeds[row.get("seed")] = value
    names = {
        name: heading
        for name, heading in table.columns.items()
        if name in table.by and any(row.get(name) not in (None, {}) for row, _ in cells.values())
    }
    headings = list(dict.fromkeys(heading for _, scores in cells.values() for heading in scores))
    lines = [
        {heading: cell_text(row.get(name)) for name, heading in names.items()}
        | {heading: _over_seeds([*scores.get(heading, {}).values()]) for heading in headings}
        | {_SEEDS: str(max(map(len, scores.values()), default=0))}
        for row, scores in cells.values()
    ]
    if all(line[_SEEDS] <= "1" for line in lines):
        lines = [{name: text for name, text in line.items() if name != _SEEDS} for line in lines]
    contents = [
        {heading: set(seeds.values()) for heading, seeds in scores.items()}
        | {name: row.get(name) for name in names if name not in _OF_RUNS}
        for row, scores in cells.values()
    ]
    return _without_repeats(lines, contents, [names[n] for n in _OF_RUNS if n in names])


def _of_each_run(row: Mapping[str, Any]) -> Iterator[Row]:
    """The row for each run that it is of, with what the run's name says."""
    for run in str(row.get("run", "")).split(", "):
        match = _RUN.fullmatch(run)
        parts = (match[1], int(match[2]), int(match[3])) if match else (run, None, None)
        yield {**dict(zip((*_OF_RUNS, "seed"), parts, strict=True)), **row}


def _shown(table: Table, rows: Sequence[Row]) -> list[Row]:
    def places(row: Row) -> list[int]:
        return [values.index(row.get(name)) for name, values in table.where.items()]

    shown = [
        row for row in rows if all(row.get(name) in values for name, values in table.where.items())
    ]
    return sorted(shown, key=places)


def _scores(table: Table, row: Row) -> dict[str, Any]:
    """A row's values by heading, which gives the place of what is across the lines."""
    across = ", ".join(str(row[name]) for name in table.across if row.get(name) is not None)
    return {
        f"{heading} {across}" if across else heading: row[name]
        for name, heading in table.columns.items()
        if name not in table.by and row.get(name) is not None
    }


def _over_seeds(values: Sequence[Any]) -> str:
    if len(values) < 2 or all(value == values[0] for value in values):
        value = values[0] if values else None
        return f"{value:.{_decimals(value)}f}" if isinstance(value, float) else cell_text(value)
    mean, deviation = statistics.mean(values), statistics.stdev(values)
    decimals = _decimals(mean)
    if not round(deviation, decimals):
        return f"{mean:.{decimals}f}"
    return f"{mean:.{decimals}f} ± {deviation:.{decimals}f}"


def _decimals(value: float) -> int:
    return max(0, _DIGITS - 1 - math.floor(math.log10(abs(value)))) if value else 0


def _without_repeats(
    lines: Sequence[Line], contents: Sequence[Row], of_runs: Sequence[str]
) -> list[Line]:
    """Lines of one content appear once, with all that they have under the headings of runs."""
    if not of_runs:
        return list(lines)
    groups: list[tuple[Row, list[Line]]] = []
    for line, content in zip(lines, contents, strict=True):
        same = next((same for known, same in groups if known == content), None)
        if same is None:
            groups.append((content, [line]))
        else:
            same.append(line)
    every = {line[of_runs[0]] for line in lines}
    merged = []
    for _, same in groups:
        labels, *others = ({line[name]: None for line in same} for name in of_runs)
        label = "all" if len(labels) == len(every) > 1 else ", ".join(labels)
        texts = [label, *(next(iter(texts)) if len(texts) == 1 else "-" for texts in others)]
        seeds = {_SEEDS: "-"} if len(same) > 1 and _SEEDS in same[0] else {}
        merged.append(same[0] | dict(zip(of_runs, texts, strict=True)) | seeds)
    return merged
