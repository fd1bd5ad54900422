"""Prints the modules of a variant with their parameter counts and output shapes.

python -m experiments.summarize --config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM
"""

from absl import flags
from ml_collections import config_flags

from experiments.run import command_line


def _main() -> None:
    from experiments.run.config import resolve
    from experiments.run.summary import module_table

    print(module_table(resolve(_CONFIG.value)))


if __name__ == "__main__":
    _CONFIG = config_flags.DEFINE_config_file("config", None, "Configuration file[:VARIANT].")
    flags.mark_flag_as_required("config")
    command_line.run(_main)
