"""Writes video files frame by frame (H.264, for any player)."""

from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np


class VideoWriter:
    """One video file; a context manager, which ends the file.

    Players want an even height and width, so odd ones get one more row or column of white.
    """

    def __init__(self, path: Path, rate: float):
        """Opens the file.

        Args:
          path: .mp4.
          rate: frames a second.

        Raises:
          OSError: it cannot be written.
        """
        self._container = av.open(str(path), "w")
        self._rate = Fraction(rate).limit_denominator(1000)
        self._stream: av.VideoStream | None = None

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()

    def write(self, image: np.ndarray) -> None:
        """Appends a frame, uint8 [H, W, 3] or grey [H, W]; all have the same size."""
        if image.ndim == 2:
            image = np.repeat(image[..., None], 3, axis=-1)
        height, width, _ = image.shape
        padding = [(0, height % 2), (0, width % 2), (0, 0)]
        image = np.ascontiguousarray(np.pad(image, padding, constant_values=255))
        if self._stream is None:
            self._stream = self._container.add_stream("libx264", rate=self._rate)
            self._stream.height, self._stream.width = image.shape[:2]
            self._stream.pix_fmt = "yuv420p"
            self._stream.options = {"crf": "18"}
        self._container.mux(self._stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
