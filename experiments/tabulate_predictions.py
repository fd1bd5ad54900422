r"""Gathers what `experiments.predict` measured into a small table that can be committed.

    python -m experiments.tabulate_predictions --predictions=runs/predictions \
        --output=experiments/results/video --command="..."

Writes `results.json` (a row a folder with a `summary.json`, by its path below --predictions) and
`results.md` (the same, with the command).
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.run import command_line

_FLAGS = flags.FlagValues()
_PREDICTIONS = flags.DEFINE_string(
    "predictions", None, "Folder of predictions.", required=True, flag_values=_FLAGS
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder of the results.", required=True, flag_values=_FLAGS
)
_COMMAND = flags.DEFINE_string(
    "command", "", "Command that made them, to be quoted.", flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> None:
    from experiments.report.predictions import rows
    from experiments.report.results_table import publish

    table = rows(Path(_PREDICTIONS.value))
    publish(Path(_OUTPUT.value), table, _COMMAND.value)


if __name__ == "__main__":
    sys.exit(main())
