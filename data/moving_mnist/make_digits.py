"""Makes `data/moving_mnist/mnist_digits.npz` from MNIST's four idx files.

    python -m data.moving_mnist.make_digits --source=DIR

13,500 digits of the training set and 3,000 of the test set, unchanged and in their order, evenly
spaced over the files: the first half of MNIST's test set is thinner and cleaner than the second.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from data import command_line

NUM_DIGITS = {"train": 13_500, "test": 3_000}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    parser = command_line.Parser("data.moving_mnist.make_digits", __doc__)
    parser.add_argument("--source", type=Path, required=True, help="folder of MNIST's idx files")
    return command_line.run(_main, parser, argv)


def _main(arguments: argparse.Namespace) -> None:
    import numpy as np

    from data.atomic_file import replacing
    from data.moving_mnist import digits

    arrays = {}
    for part, count in NUM_DIGITS.items():
        given = digits.read_idx_folder(arguments.source, part)
        chosen = given[np.arange(count) * len(given) // count]
        arrays |= {f"{part}_images": chosen.images, f"{part}_labels": chosen.labels}
    path = digits.EMBEDDED_FILE
    with replacing(path) as part_file, part_file.open("xb") as file:
        np.savez_compressed(file, **arrays)
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    sys.exit(main())
