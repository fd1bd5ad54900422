"""Measures training and streaming of every variant beside PyTorch.

    python -m experiments.benchmark [--output=DIR] [--budget=SECONDS]
    python -m experiments.benchmark --variants=conv-1enc-1LSTM --phases=train --batches=16 \
        --noscaling

Writes `grid.json` (every cell, with processor, versions and the commit that measured it),
`results.json` and `results.md` (a table per processor, a row per variant and phase, each side at
its best batch), `scaling.json` and `scaling.png` (how time and memory of the vanilla variant grow
with batch, tau and frame size, here). Cells that the files have of this processor and these
versions are measured again with --again only; rows of other processors stay. PyTorch comes with the
extra `bench`; without it, our side alone is measured. --isa=avx2 keeps both sides from wider
vectors.
"""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from absl import flags

from experiments.benchmark.cells import PHASES, Cell
from experiments.benchmark.machine import ISAS, machine
from experiments.console.errors import UserError
from experiments.run import command_line
from vstm.variants import VARIANTS, get_variant

BATCHES = ("1", "4", "16")

_FLAGS = flags.FlagValues()
_OUTPUT = flags.DEFINE_string(
    "output", "experiments/results/benchmark", "Folder of the results.", flag_values=_FLAGS
)
_VARIANTS = flags.DEFINE_list("variants", list(VARIANTS), "Which variants.", flag_values=_FLAGS)
_PHASES = flags.DEFINE_list("phases", list(PHASES), "Which phases.", flag_values=_FLAGS)
_BATCHES = flags.DEFINE_list("batches", list(BATCHES), "Sequences an update.", flag_values=_FLAGS)
_BUDGET = flags.DEFINE_float(
    "budget", 10.0, "Seconds to measure each cell for, about.", flag_values=_FLAGS
)
_SCALING = flags.DEFINE_bool(
    "scaling", True, "Whether to measure growth and plot it.", flag_values=_FLAGS
)
_ISA = flags.DEFINE_enum(
    "isa", "native", ISAS, "Widest instructions that both sides use.", flag_values=_FLAGS
)
_AGAIN = flags.DEFINE_bool(
    "again", False, "Whether to measure known cells again.", flag_values=_FLAGS
)


def cells(variants: Sequence[str], phases: Sequence[str], batches: Sequence[str]) -> list[Cell]:
    """What to measure; a stream is of one sequence.

    Raises:
      UserError: an unknown variant or phase, or a batch that is no number above 0.
    """
    try:
        for name in variants:
            get_variant(name)
    except ValueError as error:
        raise UserError(f"--variants: {error}") from error
    if unknown := set(phases) - set(PHASES):
        raise UserError(
            f"--phases: unknown {', '.join(sorted(unknown))}; known: {', '.join(PHASES)}"
        )
    if wrong := [batch for batch in batches if not batch.isdecimal() or not int(batch)]:
        raise UserError(f"--batches: expected numbers above 0, got {', '.join(wrong)}")
    sizes = {"train": [int(batch) for batch in batches], "stream": [1]}
    wanted = [Cell(n, phase, size) for n in variants for phase in phases for size in sizes[phase]]
    return list(dict.fromkeys(wanted))


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    command = command_line.command("experiments.benchmark", argv)
    return command_line.run(partial(_main, command), _FLAGS, __doc__, argv)


def _main(command: str) -> None:
    from experiments.benchmark.grid import best_batches, measure_all, read_rows, tables
    from experiments.benchmark.scaling import plot, scaling_cells
    from experiments.report.results_table import joined, quoted_command, write_results
    from experiments.run.results import make_folder

    wanted = cells(_VARIANTS.value, _PHASES.value, _BATCHES.value)
    here = machine(_ISA.value)
    output = Path(_OUTPUT.value)
    path = output / "grid.json"
    make_folder(output)
    grid = measure_all(wanted, path, here, _BUDGET.value, again=_AGAIN.value)
    rows = best_batches(read_rows(path))
    text = tables(rows, joined(quoted_command(output), command))
    write_results(output, rows, text)
    print(text, flush=True)
    if _SCALING.value:
        scaling = measure_all(
            scaling_cells(),
            output / "scaling.json",
            here,
            _BUDGET.value,
            again=_AGAIN.value,
            known=grid,
        )
        plot(scaling, output / "scaling.png")


if __name__ == "__main__":
    sys.exit(main())
