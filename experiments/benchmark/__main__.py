"""Measures training and streaming of every variant beside PyTorch.

    python -m experiments.benchmark [--output=DIR] [--variants=a,b] [--budget=SECONDS]

Writes `results.json` (a row a variant and phase, each side at its best batch), `grid.json` (every
cell), `scaling.json` and `scaling.png` (how time and memory of the vanilla variant grow with batch,
tau and frame size) and `results.md`. Cells that `grid.json` and `scaling.json` have are not
measured again. PyTorch comes with the extra `bench`; without it, our side alone is measured.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from absl import flags

from data.atomic_file import write_atomically
from experiments.benchmark.cells import Cell
from experiments.benchmark.measure import measure
from experiments.benchmark.scaling import plot, scaling_cells
from experiments.report.results_table import results_table, write_results
from experiments.run import command_line
from experiments.run.errors import UserError
from vstm.variants import VARIANTS, get_variant

BATCHES = (1, 4, 16)
_FIELDS = ("variant", "phase", "ours_s", "torch_s", "speedup", "ours_peak_mb", "torch_peak_mb")


def measure_all(
    cells: Iterable[Cell], path: Path, budget_s: float, known: Iterable[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Rows of all cells, known or from the file, else measured and added to the file."""
    rows = json.loads(path.read_text()) if path.exists() else []
    cells = list(cells)
    rows += [row for row in known if row not in rows and _cell(row) in cells]
    measured = []
    for cell in cells:
        row = next((row for row in rows if _cell(row) == cell), None)
        if row is None:
            row = measure(cell, budget_s)
            rows.append(row)
            write_atomically(path, json.dumps(rows, indent=1) + "\n")
            print(_summary(row), flush=True)
        measured.append(row)
    return measured


def best_batches(grid: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row a variant and phase: seconds of each side at its best batch.

    Memory is that of both sides at the batch which is best for ours.
    """
    rows = []
    for variant, phase in dict.fromkeys((row["variant"], row["phase"]) for row in grid):
        cells = [row for row in grid if (row["variant"], row["phase"]) == (variant, phase)]
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
        rows.append(row)
    return rows


def _cell(row: dict[str, Any]) -> Cell:
    return Cell(**{name: row[name] for name in Cell.__dataclass_fields__})


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


def _main() -> None:
    variants = [_variant(name) for name in _VARIANTS.value]
    output = Path(_OUTPUT.value)
    try:
        output.mkdir(parents=True, exist_ok=True)
        cells = [
            cell
            for variant in variants
            for cell in (
                *(Cell(variant, "train", batch) for batch in BATCHES),
                Cell(variant, "stream"),
            )
        ]
        grid = measure_all(cells, output / "grid.json", _BUDGET.value)
        rows = best_batches(grid)
        text = results_table(rows, "python -m experiments.benchmark")
        write_results(output, rows, text)
        print(text, flush=True)
        if _SCALING.value:
            scaling = measure_all(
                scaling_cells(), output / "scaling.json", _BUDGET.value, known=grid
            )
            plot(scaling, output / "scaling.png")
    except OSError as error:
        raise UserError(f"{output}: cannot be written ({error.strerror})") from error


def _variant(name: str) -> str:
    try:
        return get_variant(name).name
    except ValueError as error:
        raise UserError(f"--variants: {error}") from error


if __name__ == "__main__":
    _OUTPUT = flags.DEFINE_string(
        "output", "experiments/results/benchmark", "Folder of the results."
    )
    _VARIANTS = flags.DEFINE_list("variants", list(VARIANTS), "Which variants.")
    _BUDGET = flags.DEFINE_float("budget", 10.0, "Seconds to measure each cell for, about.")
    _SCALING = flags.DEFINE_bool("scaling", True, "Whether to measure growth and plot it.")
    command_line.run(_main)
