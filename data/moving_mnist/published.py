"""The published Moving MNIST test set, `mnist_test_seq.npy`: 10,000 sequences of 20 frames."""

from pathlib import Path
from typing import Any

import numpy as np

from data.files.arrays import num_bytes, read_header
from data.files.reading import reading
from data.moving_mnist.data_set import PIXELS
from data.moving_mnist.generator import BINARY_THRESHOLD
from data.ranges import check_choice


class PublishedTestSet:
    """Random access to the sequences of the published file, memory-mapped.

    Items are dictionaries with `frames`, float32 [20, 64, 64, 1] in [0, 1].

    Source: Srivastava, Mansimov, Salakhutdinov 2015.
    """

    def __init__(self, path: str | Path, pixels: str = "float"):
        """Opens the file.

        Args:
          path: the .npy file, uint8 [T, N, H, W].
          pixels: `float`, or `binary` for a threshold at 0.5.

        Raises:
          OSError: no such file, or not readable.
          ValueError: another or a truncated file, or unknown pixels; the message names it.
        """
        check_choice("pixels", pixels, PIXELS)
        path = Path(path)
        with reading(path, "a whole .npy file"), path.open("rb") as file:
            header = read_header(file)
            shape, dtype = header.shape, header.dtype
            if dtype != np.uint8 or len(shape) != 4:
                raise ValueError(f"{path}: expected uint8 [T, N, H, W], found {dtype} {shape}")
            if 0 in shape:
                raise ValueError(f"{path}: holds no sequence")
            start, size = file.tell(), path.stat().st_size
            if size != start + num_bytes(header):
                raise ValueError(f"{size - start} bytes for {shape}")
            order: Any = "F" if header.in_columns else "C"
            self._sequences = np.memmap(file, np.uint8, "r", start, shape, order)
        self._pixels = pixels

    def __len__(self) -> int:
        return self._sequences.shape[1]

    @property
    def sequence_length(self) -> int:
        """Frames a sequence."""
        return self._sequences.shape[0]

    @property
    def frame_size(self) -> tuple[int, int]:
        """(H, W), pixels."""
        return self._sequences.shape[2:]

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        frames = self._sequences[:, index].astype(np.float32)[..., None] / 255
        if self._pixels == "binary":
            frames = (frames > BINARY_THRESHOLD).astype(np.float32)
        return {"frames": frames}
