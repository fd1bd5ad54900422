r"""Trains and evaluates a video autoencoder.

    python -m experiments.train --config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM \
        --workdir=runs/x [--config.FIELD=VALUE ...]

The same command continues a run that was stopped, and reports one that is finished.
"""

import sys
from collections.abc import Sequence

from absl import flags

from experiments.configs import config_flag
from experiments.console.errors import UserError
from experiments.run import command_line

_FLAGS = flags.FlagValues()
_CONFIG = config_flag.define(_FLAGS)
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Folder of the run.", required=True, flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> int | None:
    from experiments.training.experiment import train_and_evaluate

    if not _WORKDIR.value:
        raise UserError("--workdir: expected the folder of the run, got ''")
    _, received = train_and_evaluate(_CONFIG.value, _WORKDIR.value)
    return None if received is None else 128 + received


if __name__ == "__main__":
    sys.exit(main())
