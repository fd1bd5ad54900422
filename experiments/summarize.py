"""Prints the modules of a variant with their parameter counts and output shapes.

python -m experiments.summarize --config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM
"""

import sys
from collections.abc import Sequence

from absl import flags

from experiments.configs import config_flag
from experiments.run import command_line

_FLAGS = flags.FlagValues()
_CONFIG = config_flag.define(_FLAGS)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> None:
    from experiments.configs.config import resolve
    from experiments.run import build
    from experiments.run.summary import module_table

    config = resolve(_CONFIG.value)
    print(module_table(build.make_model(config), config.tau, build.CHANNELS))


if __name__ == "__main__":
    sys.exit(main())
