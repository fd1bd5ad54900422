"""Trains and evaluates a video autoencoder.

    python -m experiments.train --config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM \
        --workdir=runs/x [--config.FIELD=VALUE ...]

The same command continues a run that was stopped, and reports one that is finished.
"""

from absl import flags
from ml_collections import config_flags

from experiments.run import command_line
from experiments.run.errors import UserError


def _main() -> int | None:
    from experiments.training import train_and_evaluate

    if not _WORKDIR.value:
        raise UserError("--workdir: expected the folder of the run, got ''")
    _, received = train_and_evaluate(_CONFIG.value, _WORKDIR.value)
    return None if received is None else 128 + received


if __name__ == "__main__":
    _CONFIG = config_flags.DEFINE_config_file("config", None, "Configuration file[:VARIANT].")
    _WORKDIR = flags.DEFINE_string("workdir", None, "Folder of the run.")
    flags.mark_flags_as_required(["config", "workdir"])
    command_line.run(_main)
