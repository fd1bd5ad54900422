r"""Gathers one kind of result file of many runs into a small table that can be committed.

    python -m experiments.gather --runs=runs/table2 --file=probe_test.json \
        --output=experiments/results/probe --command="bash experiments/sweeps/probe.sh"

The file of a run is a list of rows, or an object whose entries are rows by name; of these, `name`
is a column. A row that several runs have (such as a baseline's) is kept once, with all their names.
Lists inside a row, of a score frame by frame, give rows of their own, numbered from 1 in a column
`frame`. Each row has device and commit of its run's training; of runs that share it, those that all
have. Writes `results.json` and `results.md`; rows in the output of runs that are elsewhere stay.
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
_FILE = flags.DEFINE_string(
    "file", None, "Name of the file in each.", required=True, flag_values=_FLAGS
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
    from experiments.report.gathering import rows
    from experiments.report.results_table import earlier_rows, publish

    output = Path(_OUTPUT.value)
    table = rows(Path(_RUNS.value), _FILE.value, earlier_rows(output, ("run",)))
    publish(output, table, _COMMAND.value)


if __name__ == "__main__":
    sys.exit(main())
