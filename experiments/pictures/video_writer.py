"""Writes video files frame by frame (H.264, for any player)."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np

TICKS = 360_000  # a second: milliseconds, 1/90000 s and the rates of broadcasts are whole numbers
# Nearer to the frames than 18 of "veryfast", in 0.6 of its time; files are half as large again.
_OPTIONS = {"crf": "20", "preset": "superfast"}
_MAX_DENOMINATOR = 1001  # of rates, as in 30000/1001


def ticks_a_second(times: np.ndarray, rate: Fraction | float) -> int:
    """The clock that holds given times best.

    Args:
      times: seconds.
      rate: mean number of frames per second, which sets the clock where it is constant.

    Returns:
      `TICKS`, or, if that is nearer to the times, a multiple of the rate's numerator.
    """
    numerator = _exact(rate).numerator
    clocks = (TICKS, numerator * math.ceil(TICKS / numerator))

    def error(clock: int) -> float:
        ticks = clock * np.asarray(times)
        return float(np.abs(ticks - np.round(ticks)).max()) / clock

    return min(clocks, key=error)


def _exact(rate: Fraction | float) -> Fraction:
    return max(Fraction(1, _MAX_DENOMINATOR), Fraction(rate).limit_denominator(_MAX_DENOMINATOR))


class VideoWriter:
    """One video file; a context manager, which ends the file.

    Players want an even height and width, so odd ones get one more row or column of white. After an
    error, the file is closed as it is, and is not to be used.
    """

    def __init__(self, path: Path, rate: Fraction | float, ticks: int = TICKS):
        """Prepares a file; it is made when the first frame comes.

        Args:
          path: .mp4.
          rate: mean number of frames per second; the last frame is shown for as long.
          ticks: clock of the file, ticks a second; see `ticks_a_second`.

        Raises:
          OSError: it cannot be written.
        """
        self._path = path
        self._rate = _exact(rate)
        self._time_base = Fraction(1, ticks)
        self._stamp = -1
        self._stream: av.VideoStream | None = None
        with self._named_errors():
            self._container = av.open(str(path), "w")

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with self._named_errors():
                try:
                    if error is None and self._stream is not None:
                        self._container.mux(self._stream.encode(None))
                finally:
                    self._container.close()
        except OSError:
            if error is None:  # otherwise that one says why
                raise

    def write(self, image: np.ndarray, time: float) -> None:
        """Appends a frame.

        Args:
          image: uint8 [H, W, 3] or grey [H, W]; all have the same size.
          time: when it is shown, seconds from the beginning; later than the frame before.

        Raises:
          OSError: it cannot be encoded or written; the message names the file.
        """
        height, width = image.shape[:2]
        if height % 2 or width % 2:
            padding = [(0, height % 2), (0, width % 2), (0, 0)][: image.ndim]
            image = np.pad(image, padding, constant_values=255)
        image = np.ascontiguousarray(image)
        frame = av.VideoFrame.from_ndarray(image, "gray" if image.ndim == 2 else "rgb24")
        frame.time_base = self._time_base
        frame.pts = self._stamp = max(round(time / self._time_base), self._stamp + 1)
        with self._named_errors():
            if self._stream is None:
                self._stream = self._opened(*image.shape[:2])
            self._container.mux(self._stream.encode(frame))

    def _opened(self, height: int, width: int) -> av.VideoStream:
        stream = self._container.add_stream("libx264", rate=self._rate, options=_OPTIONS)
        stream.height, stream.width = height, width
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = self._time_base
        return stream

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except av.error.FFmpegError as error:
            raise OSError(f"{self._path}: cannot be written ({error.strerror})") from error
