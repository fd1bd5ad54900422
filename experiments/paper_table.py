r"""Gathers the runs of a table of the paper into a small table that can be committed.

    python -m experiments.paper_table --table=2 --runs=runs/table2 \
        --output=experiments/results/table2 --command="bash experiments/sweeps/table2.sh"

Writes `results.json` (a row a run: what the table compares, seed, training sequences, the test
score, the paper's, their ratio; with --floors, what `experiments.true_flow_floor` left there for
the encoder; the scores of the flow; device and commit of the training), `results.md` (the same,
with the command), `curves.json` and `curves.png` (validation scores by training sequences). What
the output holds of runs that are elsewhere stays.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.report.tables import TABLES
from experiments.run import command_line

_FLAGS = flags.FlagValues()
_TABLE = flags.DEFINE_enum(
    "table", None, list(TABLES), "Table of the paper.", required=True, flag_values=_FLAGS
)
_RUNS = flags.DEFINE_string(
    "runs", None, "Folder of run folders.", required=True, flag_values=_FLAGS
)
_FLOORS = flags.DEFINE_string(
    "floors", "", "Folder of floors with the true flow.", flag_values=_FLAGS
)
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
    from experiments.report.learning_curves import keep_curves, plot_curves
    from experiments.report.paper_table import curves, read_floors, rows
    from experiments.report.results_table import publish, with_earlier

    output, runs, table = Path(_OUTPUT.value), Path(_RUNS.value), TABLES[_TABLE.value]
    floors = read_floors(Path(_FLOORS.value)) if _FLOORS.value else {}
    result = with_earlier(output, rows(runs, table, floors), table.key)
    publish(output, result, _COMMAND.value, f"Table {_TABLE.value}.")
    kept = keep_curves(output / "curves.json", curves(runs, table))
    plot_curves(kept, f"validation {table.metric}", output / "curves.png")


if __name__ == "__main__":
    sys.exit(main())
