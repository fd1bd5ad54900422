r"""Trains and evaluates a video autoencoder.

    python -m experiments.train --config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM \
        --workdir=runs/x [--config.FIELD=VALUE ...]

The same command continues a run that was stopped, and reports one that is finished. All devices
share each batch; on several hosts, the processes that srun or mpirun starts find each other, and
others are told where:

    ... --coordinator=HOST:PORT --num_processes=N --process_id=I
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
_COORDINATOR = flags.DEFINE_string(
    "coordinator", "", "HOST:PORT of the first of several processes, or auto.", flag_values=_FLAGS
)
_NUM_PROCESSES = flags.DEFINE_integer(
    "num_processes", None, "How many there are.", lower_bound=1, flag_values=_FLAGS
)
_PROCESS_ID = flags.DEFINE_integer(
    "process_id", None, "Which one this is, from 0.", lower_bound=0, flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> int | None:
    from experiments.console import hosts

    hosts.join(_COORDINATOR.value, _NUM_PROCESSES.value, _PROCESS_ID.value)
    from experiments.training.experiment import train_and_evaluate

    if not _WORKDIR.value:
        raise UserError("--workdir: expected the folder of the run, got ''")
    _, received = train_and_evaluate(_CONFIG.value, _WORKDIR.value)
    return None if received is None else 128 + received


if __name__ == "__main__":
    sys.exit(main())
