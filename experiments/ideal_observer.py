r"""Bound on any error on moving MNIST: an ideal observer, who knows all but what can't be foreseen.

    python -m experiments.ideal_observer \
        --config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM [--frames_ahead=10]

Digits move by fractions of a pixel and show at whole ones, so that their next step is not certain
even to whoever knows the digits, their speed, the border's rule and where they were in each frame.
The mean of all frames that may come is the best prediction; see `experiments.measure.bounds`. No
method that sees the same frames can be expected to do better. Writes `results.json` and
`results.md`: cross-entropy (nats a pixel and a frame) and squared error (summed over a frame) of
test sequences by frame ahead, of binary pixels and of real intensities, and, of binary ones, the
endpoint error of the flow of the first one by cause, beside that of the last motion seen, and of
the mean of those since a digit last turned.
"""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from absl import flags

from experiments.configs import config_flag
from experiments.console.errors import UserError
from experiments.run import command_line

_FLAGS = flags.FlagValues()
_CONFIG = config_flag.define(_FLAGS)
_OUTPUT = flags.DEFINE_string(
    "output", "runs/ideal_observer", "Folder of the results.", flag_values=_FLAGS
)
_NUM_SEQUENCES = flags.DEFINE_integer(
    "num_sequences", 1000, "Test sequences.", lower_bound=1, flag_values=_FLAGS
)
_FRAMES_AHEAD = flags.DEFINE_integer(
    "frames_ahead", 1, "Frames predicted.", lower_bound=1, flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    command = command_line.command("experiments.ideal_observer", argv)
    return command_line.run(partial(_main, command), _FLAGS, __doc__, argv)


def _main(command: str) -> None:
    from data.moving_mnist.data_set import PIXELS
    from experiments.configs.config import Config, resolve
    from experiments.measure.bounds.ideal_observer import observe
    from experiments.report.results_table import publish
    from experiments.run import build
    from experiments.run.provenance import made_by
    from experiments.run.results import make_folder

    config: Config = resolve(_CONFIG.value)
    moves, num_sequences, num_ahead = config.moving_mnist, _NUM_SEQUENCES.value, _FRAMES_AHEAD.value
    if config.data.name != "moving_mnist":
        raise UserError(f"config.data.name={config.data.name}: expected moving_mnist")
    if moves.lines or moves.speed != "constant":
        raise UserError(
            f"config.moving_mnist.lines={moves.lines}, config.moving_mnist.speed={moves.speed}: "
            "expected digits alone, of constant speed"
        )
    if config.tau < 2:
        raise UserError(f"config.tau={config.tau}: expected at least 2, between which digits move")
    if num_ahead > config.data.sequence_length - config.tau:
        raise UserError(
            f"--frames_ahead={num_ahead}: expected at most "
            f"{config.data.sequence_length - config.tau}, as sequences of "
            f"{config.data.sequence_length} frames have after {config.tau}"
        )
    if num_sequences > config.data.num_test:
        raise UserError(
            f"--num_sequences={num_sequences}: expected at most config.data.num_test="
            f"{config.data.num_test}"
        )
    make_folder(Path(_OUTPUT.value))
    provenance = made_by()
    sources = {}
    for pixels in PIXELS:
        with config.unlocked():
            moves.pixels = pixels
        sources[pixels] = build.moving_mnist(config, "test")
    rows = observe(sources, num_sequences, tau=config.tau, num_ahead=num_ahead, step=moves.step)
    publish(Path(_OUTPUT.value), [row | provenance for row in rows], command)


if __name__ == "__main__":
    sys.exit(main())
