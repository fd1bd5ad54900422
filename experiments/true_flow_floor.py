r"""Lower bound on the error, given the ground-truth flow: encoder and decoder alone.

    python -m experiments.true_flow_floor \
        --config=experiments/configs/moving_mnist.py:conv-2enc-1LSTM --output=floor.json

Trains the encoder and the decoder of a variant on pairs of frames. The features of the first are
moved, cell by cell, by whichever of the true motions (each digit's, or none) predicts the second
best, and decoded. A variant with the same encoder can't do better by its flow than this codec does,
but for what its own training adds. The size of a cell sets the limit: two motions that meet in it
cannot both be right.

Writes {encoder, updates, batch_size, learning_rate, seed, test_cross_entropy,
test_mean_squared_error, device, commit}.
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
    "output", None, "File of the result.", required=True, flag_values=_FLAGS
)
_UPDATES = flags.DEFINE_integer(
    "updates", 600, "Updates of 16 pairs.", lower_bound=1, flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> None:
    from experiments.configs.config import resolve
    from experiments.measure.bounds.floor import train_and_test
    from experiments.run import build
    from experiments.run.provenance import made_by
    from experiments.run.results import make_folder, result_text, write_file

    config = resolve(_CONFIG.value)
    if config.data.name != "moving_mnist" or config.loss != "bce":
        raise UserError(
            f"config.data.name={config.data.name}, config.loss={config.loss}: expected "
            "moving_mnist and bce, whose true motions are known"
        )
    path, provenance = Path(_OUTPUT.value), made_by()
    make_folder(path.parent)
    result = train_and_test(
        build.make_model(config).config,
        build.moving_mnist(config, "train"),
        build.moving_mnist(config, "test"),
        tau=config.tau,
        seed=config.seed,
        num_test=config.evaluation.num_test,
        num_updates=_UPDATES.value,
    )
    write_file(path, result_text(path, result | provenance))
    print(
        f"{result['encoder']}: {result['test_cross_entropy']:.5f} nats per pixel after "
        f"{result['updates']} updates; written to {path}"
    )


if __name__ == "__main__":
    sys.exit(main())
