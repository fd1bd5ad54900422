"""The published Moving MNIST test set, `mnist_test_seq.npy`: 10,000 sequences of 20 frames."""

from pathlib import Path

import numpy as np

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
          FileNotFoundError: no such file.
          ValueError: another or a truncated file, or unknown pixels.
        """
        check_choice("pixels", pixels, PIXELS)
        if not Path(path).is_file():
            raise FileNotFoundError(f"{path}: no such file; expected mnist_test_seq.npy")
        try:
            self._sequences = np.lib.format.open_memmap(path, mode="r")
        except (ValueError, EOFError, OSError) as error:
            raise ValueError(f"{path}: truncated or not an .npy file ({error})") from error
        if self._sequences.dtype != np.uint8 or self._sequences.ndim != 4:
            raise ValueError(
                f"{path}: expected uint8 [T, N, H, W], found {self._sequences.dtype} "
                f"{self._sequences.shape}"
            )
        if self._sequences.shape[1] == 0:
            raise ValueError(f"{path}: holds no sequence")
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
