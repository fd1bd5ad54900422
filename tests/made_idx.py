"""Digits in files of the IDX format, as MNIST's and Fashion-MNIST's are."""

import gzip
import struct
from pathlib import Path

import numpy as np

COUNTS = {"train": 40, "t10k": 12}


PLAIN, GZIPPED, DOTTED = "{}-{}-idx{}-ubyte", "{}-{}-idx{}-ubyte.gz", "{}-{}.idx{}-ubyte"


def images_as_idx(images: np.ndarray, magic: int = 2051) -> bytes:
    return struct.pack(">4I", magic, *images.shape) + images.tobytes()


def labels_as_idx(labels: np.ndarray, magic: int = 2049) -> bytes:
    return struct.pack(">2I", magic, len(labels)) + labels.tobytes()


def write_idx_folder(folder: Path, pattern: str = PLAIN) -> dict[str, tuple]:
    rng = np.random.default_rng(0)
    written = {}
    for prefix, count in COUNTS.items():
        images = rng.integers(256, size=(count, 28, 28), dtype=np.uint8)
        labels = rng.integers(10, size=count, dtype=np.uint8)
        written[prefix] = images, labels
        pack = gzip.compress if pattern == GZIPPED else bytes
        (folder / pattern.format(prefix, "images", 3)).write_bytes(pack(images_as_idx(images)))
        (folder / pattern.format(prefix, "labels", 1)).write_bytes(pack(labels_as_idx(labels)))
    return written
