r"""Bound on any error on moving MNIST: an ideal observer, who knows all but what can't be foreseen.

    python -m experiments.ideal_observer \
        --config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM [--frames_ahead=10]

Digits move by fractions of a pixel and show at whole ones, so that their next step is not certain
even to whoever knows the digits, their speed, the border's rule and where they were in each frame.
The mean of all frames that may come is the best prediction; see `experiments.measure.bounds`. No
model that sees frames alone can be expected to do better, however large. Writes `results.json` and
`results.md`: cross-entropy (nats a pixel and a frame) and squared error (summed over a frame) of
test sequences by frame ahead, and the endpoint error of the flow of the first one by cause, beside
that of the last motion seen, and of the mean of those since a digit last turned.
"""

import sys
from collections.abc import Sequence
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
_COMMAND = flags.DEFINE_string(
    "command", "python -m experiments.ideal_observer", "Command, to be quoted.", flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> None:
    from data.moving_mnist.data_set import PIXELS
    from experiments.configs.config import resolve
    from experiments.measure.bounds.ideal_observer import observe
    from experiments.report.results_table import publish
    from experiments.run import build

    config, num_ahead = resolve(_CONFIG.value), _FRAMES_AHEAD.value
    moves = config.moving_mnist
    if config.data.name != "moving_mnist" or moves.lines or moves.speed != "constant":
        raise UserError(
            f"config.data.name={config.data.name}, config.moving_mnist.lines={moves.lines}, "
            f"config.moving_mnist.speed={moves.speed}: expected moving_mnist without lines, of "
            "constant speed"
        )
    if config.tau + num_ahead > config.data.sequence_length:
        raise UserError(
            f"--frames_ahead={num_ahead}: expected at most "
            f"{config.data.sequence_length - config.tau}, as sequences of "
            f"{config.data.sequence_length} frames have after {config.tau}"
        )
    sources = {}
    for pixels in PIXELS:
        with config.unlocked():
            moves.pixels = pixels
        sources[pixels] = build.moving_mnist(config, "test")
    rows = observe(
        sources, _NUM_SEQUENCES.value, tau=config.tau, num_ahead=num_ahead, step=moves.step
    )
    publish(Path(_OUTPUT.value), rows, _COMMAND.value)


if __name__ == "__main__":
    sys.exit(main())
