"""Makes `data/mnist_digits.npz` from MNIST's four idx files.

    python -m data.moving_mnist.make_digits --source=DIR

13,500 digits of the training set and 3,000 of the test set, unchanged and in their order, evenly
spaced over the files: the first half of MNIST's test set is thinner and cleaner than the second.
"""

import argparse
from pathlib import Path

import numpy as np

from data.moving_mnist.digits import EMBEDDED_FILE, read_idx_folder

NUM_DIGITS = {"train": 13_500, "test": 3_000}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", type=Path, required=True, help="folder of MNIST's idx files")
    arguments = parser.parse_args()
    arrays = {}
    for part, count in NUM_DIGITS.items():
        try:
            digits = read_idx_folder(arguments.source, part)
        except (OSError, ValueError) as error:
            parser.error(str(error))
        digits = digits[np.arange(count) * len(digits) // count]
        arrays |= {f"{part}_images": digits.images, f"{part}_labels": digits.labels}
    np.savez_compressed(EMBEDDED_FILE, **arrays)
    print(f"{EMBEDDED_FILE}: {EMBEDDED_FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
