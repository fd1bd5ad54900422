"""Checks grid generator and sampler alone: one frame of a pair, made from the other by true flow.

    python -m experiments.warp_check --source=SINTEL [--rendering=final] [--output=DIR]

SINTEL holds `training`, or the frames and flows of one scene (see `data.sintel`). Frame t is
sampled from frame t + 1 at x + flow, and, as in the paper's Figure 3, frame t + 1 from frame t at
x - flow, which is an approximation: the flow belongs to frame t. Prints and writes mean absolute
and mean squared errors on [0, 1], over all pixels of known flow and over those that the other frame
shows, and those without a warp; `figure3.png` shows the first pair.

Source: section 4.1, Figure 3.
"""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from absl import flags

from data import RENDERINGS
from experiments.console.errors import UserError
from experiments.run import command_line

_FLAGS = flags.FlagValues()
_SOURCE = flags.DEFINE_string(
    "source", None, "Folder of MPI-Sintel, or of one scene.", required=True, flag_values=_FLAGS
)
_RENDERING = flags.DEFINE_enum(
    "rendering", "clean", RENDERINGS, "Which rendering.", flag_values=_FLAGS
)
_OUTPUT = flags.DEFINE_string(
    "output", "runs/warp_check", "Folder of the results.", flag_values=_FLAGS
)
_COMMAND = flags.DEFINE_string(
    "command", None, "Command to be quoted; if not given, this one.", flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    command = command_line.command("experiments.warp_check", argv)
    return command_line.run(partial(_main, command), _FLAGS, __doc__, argv)


def _main(command: str) -> None:
    from data.sintel import Sintel
    from experiments.measure.warp import check, figure
    from experiments.report.results_table import publish
    from experiments.run.provenance import made_by
    from experiments.run.results import make_folder

    output, provenance = Path(_OUTPUT.value), made_by()
    make_folder(output)
    try:
        pairs = Sintel(Path(_SOURCE.value or ""), _RENDERING.value)
        rows, first = check(pairs), pairs[0]
    except (OSError, ValueError) as error:
        raise UserError(f"--source: {error}") from error
    publish(output, [row | provenance for row in rows], _COMMAND.value or command)
    figure(first, output / "figure3.png")
    print(f"written to {output}")


if __name__ == "__main__":
    sys.exit(main())
