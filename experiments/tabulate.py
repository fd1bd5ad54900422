r"""Gathers the evaluations of a folder of runs into a small table that can be committed.

    python -m experiments.tabulate --runs=runs/sweep --split=validation \
        --output=experiments/results/sweep --command="bash experiments/sweeps/sweep.sh"

Writes `results.json` (a row a run: the configuration fields that differ from their defaults, seed,
training sequences, the scores, those of copying the last frame, those of the flow where it was
scored, device and commit of the training) and `results.md` (the same, with the command). Rows in
the output of runs that are elsewhere stay.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.measure import SPLITS
from experiments.run import command_line

_FLAGS = flags.FlagValues()
_RUNS = flags.DEFINE_string(
    "runs", None, "Folder of run folders.", required=True, flag_values=_FLAGS
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder of the results.", required=True, flag_values=_FLAGS
)
_SPLIT = flags.DEFINE_enum(
    "split", "validation", SPLITS, "Which evaluations to read.", flag_values=_FLAGS
)
_COMMAND = flags.DEFINE_string(
    "command", "", "Command that made the runs, to be quoted.", flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> None:
    from experiments.report.evaluations import rows
    from experiments.report.results_table import publish, with_earlier

    output = Path(_OUTPUT.value)
    table = with_earlier(output, rows(Path(_RUNS.value), _SPLIT.value), ("run",))
    subject = f"Scores on {_SPLIT.value}; settings are fields that differ from their defaults."
    publish(output, table, _COMMAND.value, subject)


if __name__ == "__main__":
    sys.exit(main())
