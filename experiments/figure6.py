r"""Figure 6: the training error of each variant by updates, from the runs of Table 2 of one length.

    python -m experiments.figure6 --runs=runs/table2 --sequences=12000 \
        --output=experiments/results/figure6

Writes `figure6.png`, the logged cross-entropy as a running mean, `curves.json`, the same without
the mean, and `results.json` and `results.md`, its means over tenths of each run, with device and
commit of the training. What the output holds of other runs stays, in the picture too.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.run import command_line

_FLAGS = flags.FlagValues()
_RUNS = flags.DEFINE_string(
    "runs", None, "Folder of run folders.", required=True, flag_values=_FLAGS
)
_SEQUENCES = flags.DEFINE_integer(
    "sequences", None, "Length of the runs.", required=True, flag_values=_FLAGS
)
_SEED = flags.DEFINE_integer("seed", 0, "Seed of the runs.", flag_values=_FLAGS)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder of the results.", required=True, flag_values=_FLAGS
)
_COMMAND = flags.DEFINE_string(
    "command", "", "Command that made the runs, to be quoted.", flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> None:
    from experiments.report.figure6 import comparable_runs, plot, rows
    from experiments.report.learning_curves import keep_curves, read_curve
    from experiments.report.results_table import publish, training, with_earlier

    folders = comparable_runs(Path(_RUNS.value), _SEQUENCES.value, _SEED.value)
    output = Path(_OUTPUT.value)
    curves = [read_curve(folder, "train/cross_entropy") for folder in folders]
    here = [row | training(folder) for row, folder in zip(rows(curves), folders, strict=True)]
    table = with_earlier(output, here, ("run",))
    publish(output, table, _COMMAND.value, "Figure 6, training cross-entropy.")
    plot(keep_curves(output / "curves.json", curves), output / "figure6.png")


if __name__ == "__main__":
    sys.exit(main())
