"""What is left of the error when the flow is right: encoder and decoder alone, with the true flow.

    python -m experiments.true_flow_floor \
        --config=experiments/configs/moving_mnist.py:conv-2enc-1LSTM --output=floor.json

Trains the encoder and the decoder of a variant on pairs of frames. The features of the first are
moved, cell by cell, by whichever of the true motions (each digit's, or none) predicts the second
best, and decoded. A variant with the same encoder can't do better by its flow than this codec does,
but for what its own training adds. The size of a cell sets the limit: two motions that meet in it
cannot both be right.

Writes {encoder, updates, batch_size, learning_rate, seed, test_cross_entropy}.
"""

import json
from pathlib import Path

from absl import flags
from ml_collections import config_flags

from experiments.run import command_line
from experiments.run.errors import UserError


def _main() -> None:
    from data.atomic_file import write_atomically
    from experiments.measure.floor import train_and_test
    from experiments.run.config import resolve

    result = train_and_test(resolve(_CONFIG.value), _UPDATES.value)
    path = Path(_OUTPUT.value)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(result, indent=1) + "\n")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error})") from error
    print(json.dumps(result))


if __name__ == "__main__":
    _CONFIG = config_flags.DEFINE_config_file("config", None, "Configuration file[:VARIANT].")
    _OUTPUT = flags.DEFINE_string("output", None, "File of the result.", required=True)
    _UPDATES = flags.DEFINE_integer("updates", 600, "Updates of 16 pairs.", lower_bound=1)
    flags.mark_flag_as_required("config")
    command_line.run(_main)
