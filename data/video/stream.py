"""Frames of a video one after another, each decoded once, in grey and colour, with their times.

Reading begins at once, whatever the length: the number of frames and their times are what the
container's index and packets say. `data.video.files` instead decodes a file first, and then gives
any frame.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from data.video.camera import Camera, is_camera
from data.video.file_stream import FileStream
from data.video.images import ANIMATION_SUFFIXES, IMAGE_SUFFIXES, ImageFile, ImageFolder
from data.video.picture import Picture
from data.video.selection import Selection

Shown = tuple[float, Callable[[], Picture]]  # when a frame is shown, and what makes its picture


class Stream(Protocol):
    """What frames come from.

    Attributes:
      name: for messages and file names.
      size: (H, W) of frames, upright and with square pixels.
      times: when the frames are shown, as expected before they are decoded, seconds from the first,
        float64 [T]; None where there is no end, as of a camera.
      rate: mean number of frames per second.
      constant_rate: whether frames are equally spaced.
      problem: what is wrong although there are frames; known for certain when all are read.
      live: whether frames come once only, at the time at which they are recorded.
    """

    name: str
    size: tuple[int, int]
    times: np.ndarray | None
    rate: Fraction
    constant_rate: bool
    live: bool

    @property
    def problem(self) -> str | None: ...

    def shown(self) -> Iterator[Shown]:
        """All frames in order; those whose picture isn't made cost their decoding alone."""

    def close(self) -> None:
        """Lets go of what is read from."""


class Frame(NamedTuple):
    """A frame that is taken.

    Attributes:
      number: in the video, from 0.
      time: when it is shown, seconds from the video's beginning.
      picture: what it shows.
    """

    number: int
    time: float
    picture: Picture


def frames(stream: Stream, selection: Selection) -> Iterator[Frame]:
    """The frames that a selection takes.

    Raises:
      OSError: something cannot be read.
      ValueError: likewise; the messages name it.
    """
    for number, time, make in selection.of(stream.shown()):
        yield Frame(number, time, make())


def taken_times(stream: Stream, selection: Selection) -> np.ndarray | None:
    """When the frames that a selection takes are shown, as expected; None of a camera's."""
    if stream.times is None:
        return None
    taken = selection.of((float(time), None) for time in stream.times)
    return np.array([time for _, time, _ in taken])


def open_stream(name: str) -> Stream:
    """A video file, a folder of images, an image file or animation, or a camera.

    Args:
      name: a path, or a camera's name, see `data.video.camera`.

    Raises:
      OSError: there is no such file, folder or camera.
      ValueError: no frame can be read from it; the message names it.
    """
    if is_camera(name):
        return Camera(name)
    path = Path(name)
    if path.is_dir():
        return _Images(ImageFolder(path))
    if path.suffix.lower() in IMAGE_SUFFIXES + ANIMATION_SUFFIXES:
        return _Images(ImageFile(path))
    return FileStream(path)


def _same(picture: Picture) -> Picture:
    return picture


class _Images:
    """Images as a `Stream`."""

    live = False

    def __init__(self, images: ImageFolder | ImageFile):
        self._images = images
        self.name, self.size, self.rate = images.path.name, images.size, images.rate
        self.constant_rate = images.constant_rate
        self.times: np.ndarray | None = images.times

    @property
    def problem(self) -> str | None:
        return self._images.problem

    def shown(self) -> Iterator[Shown]:
        images = self._images
        if isinstance(images, ImageFolder):
            for number, time in enumerate(images.times):
                yield float(time), partial(images.picture, number)
        else:
            for time, picture in zip(images.times, images.pictures(), strict=True):
                yield float(time), partial(_same, picture)

    def close(self) -> None:
        pass
