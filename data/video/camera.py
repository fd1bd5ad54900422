"""A camera as a stream of frames, by PyAV's devices.

camera:0              the first camera; on Windows, a camera goes by its name: camera:USB Video
/dev/video0           on Linux
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from data.video.frame_times import DEFAULT_RATE
from data.video.orientation import Upright, check_pixels
from data.video.picture import Picture

PREFIX = "camera:"
_SYSTEMS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}


def is_camera(name: str) -> bool:
    """Whether a name is that of a camera, see the module."""
    return name.startswith(PREFIX) or name.startswith("/dev/video") or Path(name).is_char_device()


def device(name: str, system: str = sys.platform) -> tuple[str, str]:
    """What FFmpeg calls a camera: the name to open, and the format.

    Raises:
      ValueError: a system whose cameras are not known.
    """
    if system not in _SYSTEMS:
        raise ValueError(f"{name}: cameras are read on {', '.join(_SYSTEMS)}, not on {system}")
    given = name.removeprefix(PREFIX)
    if system == "linux" and given.isdecimal():
        given = f"/dev/video{given}"
    if system == "win32":
        given = f"video={given}"
    return given, _SYSTEMS[system]


class Camera:
    """Frames of a camera, which go on until one stops reading; see `data.video.stream.Stream`."""

    live = True

    def __init__(self, name: str):
        """Opens the camera and takes its first frame.

        Raises:
          OSError: there is no such camera, or it gives no frame; the message names it.
          ValueError: this build of PyAV has no cameras, or frames are too large.
        """
        self.name = name
        self.problem: str | None = None
        self.times: np.ndarray | None = None
        self.constant_rate = False
        path, form = device(name)
        try:
            av.format.ContainerFormat(form, "r")
        except ValueError as error:
            raise ValueError(
                f"{name}: this build of PyAV has no {form}, which reads cameras"
            ) from error
        with self._named_errors():
            self._container = av.open(path, format=form)
            stream = self._container.streams.video[0]
            self.rate: Fraction = stream.average_rate or stream.guessed_rate or DEFAULT_RATE
            self._frames = self._container.decode(stream)
            self._first = next(self._frames, None)
        if self._first is None:
            raise OSError(f"{name}: gives no frame")
        self._upright = Upright(self._first, stream.sample_aspect_ratio)
        self.size = self._upright.size
        check_pixels(name, self.size)

    def shown(self) -> Iterator[tuple[float, Callable[[], Picture]]]:
        """See `data.video.stream.Stream.shown`; goes on where it was left."""
        reformatter = VideoReformatter()
        frame, time, start = self._first, -1.0, None
        while frame is not None:
            if frame.time is not None:
                start = frame.time if start is None else start
                time = max(frame.time - start, time)
            else:
                time += float(1 / self.rate) if time >= 0 else 1
            yield time, partial(self._picture, frame, reformatter)
            with self._named_errors():
                frame = next(self._frames, None)

    def close(self) -> None:
        """Lets go of the camera."""
        self._container.close()

    def _picture(self, frame: av.VideoFrame, reformatter: VideoReformatter) -> Picture:
        grey = self._upright.grey(frame, reformatter)
        return Picture(grey, self._upright.colour(frame, reformatter))

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except av.error.FFmpegError as error:
            raise OSError(f"{self.name}: no camera that can be read ({error.strerror})") from error
