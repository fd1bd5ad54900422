"""Gathers all results into one page.

For every folder of results: its table with the circumstances as they were written, a table of means
and standard deviations where several seeds ran, and its pictures.
"""

import json
import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.console.errors import UserError
from experiments.report.results_table import PROVENANCE, cell_text, markdown_rows

TITLES = {
    "table2": "Table 2: six variants, binary moving MNIST",
    "longer": "Table 2: the best variant, trained for longer",
    "table3": "Table 3: three losses, moving MNIST of real intensities",
    "figure6": "Figure 6: training error by updates",
    "figure5": "Figure 5: predictions and flow, plain and lined moving MNIST",
    "flow": "Flow against the true one",
    "photometric": "Photometric loss of the flow",
    "ahead": "Ten frames ahead",
    "probe": "Do the memory's features help? Linear probes",
    "ablations": "Ablations",
    "rates": "Learning rates by the length of the run",
    "warp_check": "Figure 3: the warp alone",
    "predict": "Figure 7: real video",
    "flow_choices": "Recurrent flow head and sparsity penalty",
    "benchmark": "Speed",
    "compilation": "Compilation by size of frame, and of updates",
}
_GIVEN = ("paper", "floor")  # floats that are not scores of a run


def report(results: Path, page: Path) -> str:
    """The page's text.

    Args:
      results: folder of folders of results.
      page: where the page will stand, from which it refers to the pictures.

    Raises:
      UserError: no results, or damaged ones.
    """
    folders = {path.parent.name: path.parent for path in results.glob("*/results.json")}
    if not folders:
        raise UserError(f"{results}: no folder with a results.json")
    others = sorted(folders.keys() - TITLES.keys())
    sections = [
        _section(folders[name], TITLES.get(name, name), page.parent)
        for name in (*TITLES, *others)
        if name in folders
    ]
    heading = "# Results\n\nMade by `python -m experiments.report` from the files beside it.\n"
    return "\n".join([heading, *sections])


def _section(folder: Path, title: str, root: Path) -> str:
    try:
        rows = json.loads((folder / "results.json").read_text())
        parts = [f"## {title}\n", (folder / "results.md").read_text()]
    except (OSError, ValueError) as error:
        raise UserError(f"{folder}: damaged results ({error})") from error
    if means := seed_means(rows):
        parts.append("Means and standard deviations over seeds:\n")
        parts.append(markdown_rows(means))
    for picture in sorted(folder.glob("*.png")):
        place = Path(os.path.relpath(picture, root)).as_posix()
        parts.append(f"![{folder.name}, {picture.stem}]({place})\n")
    return "\n".join(parts)


def seed_means(rows: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """A row for each group of rows that differ in name, seed, scores and provenance alone.

    Args:
      rows: of results; scores are their floats, but for the paper's and the floor's.

    Returns:
      What the group shares, its first row's paper and floor, `seeds`, and each score as
      `mean ± deviation`; nothing unless a group has several seeds.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if not isinstance(row, dict) or "seed" not in row:
            return []
        groups.setdefault(json.dumps(_shared(row)), []).append(row)
    if all(_num_seeds(group) == 1 for group in groups.values()):
        return []
    table = []
    for group in groups.values():
        entry = {name: cell_text(value) for name, value in _shared(group[0]).items()}
        entry |= {name: cell_text(group[0][name]) for name in _GIVEN if name in group[0]}
        entry["seeds"] = str(_num_seeds(group))
        for name in _scores(group[0]):
            if any(row.get(name) is None for row in group):
                continue
            values = [row[name] for row in group]
            spread = f" ± {statistics.stdev(values):.2g}" if len(values) > 1 else ""
            entry[name] = f"{statistics.mean(values):.4g}{spread}"
        table.append(entry)
    return table


def _num_seeds(rows: Sequence[dict[str, Any]]) -> int:
    return len({row["seed"] for row in rows})


def _scores(row: dict[str, Any]) -> list[str]:
    return [n for n, value in row.items() if isinstance(value, float) and n not in _GIVEN]


def _shared(row: dict[str, Any]) -> dict[str, Any]:
    return {
        n: value
        for n, value in row.items()
        if n not in ("run", "seed", *PROVENANCE, *_GIVEN)
        and value is not None
        and n not in _scores(row)
    }
