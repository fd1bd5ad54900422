"""Handwritten digits, the objects of Moving MNIST.

Three sources, each with a training and a test part: the file that comes with the project, a folder
of idx files (MNIST or Fashion-MNIST), and TensorFlow Datasets. The training part is split here, so
that train, validation and test share no digit.
"""

import gzip
import math
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from data.files.arrays import read_npz as read_arrays
from data.files.bounds import expanded_at_most
from data.files.reading import check_regular, reading
from data.moving_mnist.data_set import DIGITS
from data.ranges import check_choice
from data.sequences import SPLITS

DIGIT_SIZE = 28
EMBEDDED_FILE = Path(__file__).parent / "mnist_digits.npz"
VALIDATION_SHARE = 0.1
_IDX_PREFIXES = {"train": "train", "test": "t10k"}
_IDX_MAGIC = {"images-idx3": (2051, 16), "labels-idx1": (2049, 8)}


@dataclass(frozen=True)
class Digits:
    """Digit images and their classes.

    Attributes:
      images: uint8 [N, 28, 28], 0 = background.
      labels: uint8 [N].
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: slice | np.ndarray) -> "Digits":
        return Digits(self.images[index], self.labels[index])


def load_digits(source: str, split: str, directory: str = "", tfds_name: str = "mnist") -> Digits:
    """The digits of one split.

    The last tenth of the source's training part is `validation`, the rest `train`.

    Args:
      source: `embedded`, `idx` or `tfds`.
      split: `train`, `validation` or `test`.
      directory: folder of the idx files, or TFDS's data folder (empty: its default); not read for
        `embedded`.
      tfds_name: name of the TFDS data set; read for `tfds` only.

    Returns:
      The digits.

    Raises:
      ValueError: unknown source or split, or a file that is damaged; the message names it.
      FileNotFoundError: a file is missing; the message names it.
    """
    check_choice("split", split, SPLITS)
    check_choice("digits", source, DIGITS)
    part = "test" if split == "test" else "train"
    if source == "embedded":
        digits = read_npz(EMBEDDED_FILE, part)
    elif source == "idx":
        digits = read_idx_folder(Path(directory), part)
    else:
        digits = read_tfds(tfds_name, part, directory)
    num_train = len(digits) - max(1, round(VALIDATION_SHARE * len(digits)))
    return {"train": digits[:num_train], "validation": digits[num_train:], "test": digits}[split]


def read_npz(path: Path, part: str) -> Digits:
    """One part of the file that `data.moving_mnist.make_digits` writes."""
    with reading(path, "a readable file of digits"):
        arrays = read_arrays(path)
        return _checked(arrays[f"{part}_images"], arrays[f"{part}_labels"], str(path))


def read_idx_folder(directory: Path, part: str) -> Digits:
    """One part of a folder of MNIST's or Fashion-MNIST's four files, gzipped or not."""
    prefix = _IDX_PREFIXES[part]
    images, path = _read_idx(directory, prefix, "images-idx3")
    labels, _ = _read_idx(directory, prefix, "labels-idx1")
    return _checked(images, labels, str(path))


def _read_idx(directory: Path, prefix: str, kind: str) -> tuple[np.ndarray, Path]:
    names = [f"{prefix}-{kind}-ubyte{suffix}" for suffix in ("", ".gz")]
    names.append(names[0].replace("-idx", ".idx"))
    path = next((directory / name for name in names if (directory / name).exists()), None)
    if path is None:
        raise FileNotFoundError(f"{directory / names[0]}: no such file, gzipped (.gz) or not")
    check_regular(path)
    most = path.stat().st_size
    if path.suffix != ".gz":
        with reading(path, "readable"), path.open("rb") as file:
            return _parsed(file, path, kind, most), path
    with reading(path, "whole, or not gzip"), gzip.open(path) as unpacked:
        return _parsed(unpacked, path, kind, expanded_at_most(most)), path


def _parsed(file: IO[bytes] | gzip.GzipFile, path: Path, kind: str, most: int) -> np.ndarray:
    """The array of an idx file of at most so many bytes."""
    magic, header = _IDX_MAGIC[kind]
    start = file.read(header)
    if len(start) < header or int.from_bytes(start[:4], "big") != magic:
        raise ValueError(f"{path}: not an idx file of {kind.split('-')[0]} (magic number {magic})")
    shape = np.frombuffer(start, ">u4", offset=4).tolist()
    promised = math.prod(shape)
    content = file.read(min(promised, most) + 1)
    if len(content) != promised:
        more = " or more" * (len(content) > most)
        raise ValueError(
            f"{path}: its header promises {promised} bytes of data, it has {len(content)}{more}"
        )
    return np.frombuffer(content, np.uint8).reshape(shape)


def read_tfds(name: str, part: str, directory: str) -> Digits:
    """One part of a data set of TensorFlow Datasets, prepared in the `array_record` format.

    Preparing a data set that is not in the folder yet needs the network.
    """
    import tensorflow_datasets as tfds  # seconds to import, and needed by this source only

    origin = f"tfds data set {name!r}, split {part!r}, folder {directory or 'default'!r}"
    try:
        source = tfds.data_source(name, split=part, data_dir=directory or None)
        examples = [source[i] for i in range(len(source))]
        images = np.stack([example["image"] for example in examples])
        labels = np.array([example["label"] for example in examples], np.uint8)
    except Exception as error:
        reason = str(error).partition("\n")[0]  # TFDS continues with all names that it knows
        raise ValueError(f"{origin}: cannot be read ({type(error).__name__}: {reason})") from error
    return _checked(images[..., 0] if images.shape[-1] == 1 else images, labels, origin)


def _checked(images: np.ndarray, labels: np.ndarray, origin: str) -> Digits:
    side = (DIGIT_SIZE, DIGIT_SIZE)
    if images.dtype != np.uint8 or images.shape[1:] != side or labels.shape != images.shape[:1]:
        raise ValueError(
            f"{origin}: expected uint8 images [N, {DIGIT_SIZE}, {DIGIT_SIZE}] and labels [N], "
            f"found {images.dtype} {images.shape} and {labels.shape}"
        )
    if len(images) < 2:
        raise ValueError(f"{origin}: expected at least 2 digits, found {len(images)}")
    return Digits(images, labels.astype(np.uint8))
