"""Frames of video files and of images: grey, one after the other or at random access.

Frames are upright, whole and of square pixels: turned and mirrored as a display matrix or EXIF
orientation says, deinterlaced, and scaled where pixels are not square. What is transparent is over
black. Headers are not believed. How many frames a file has and when each is shown is known after
one pass that decodes it and keeps a few bytes a frame, so memory does not grow with its frames.
Frames that cannot be decoded don't count; those of more than `data.video.orientation.MAX_PIXELS`
are refused before memory is taken.
"""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from data.video.decoding import decode, index_file, reading
from data.video.deinterlacing import deinterlaced
from data.video.images import ANIMATION_SUFFIXES, IMAGE_SUFFIXES, ImageFile, ImageFolder
from data.video.orientation import checksum

VIDEO_SUFFIXES = (
    *(".avi", ".mp4", ".mkv", ".mov", ".mpg", ".mpeg", ".webm", ".m4v", ".wmv", ".ogv"),
    *(".3gp", ".flv", ".m2ts", ".mts", ".mxf", ".ts", ".vob"),
    *ANIMATION_SUFFIXES,
)
_FEW_FRAMES = 32  # that are decoded rather than sought


class VideoFile(Sequence[np.ndarray]):
    """Frames of a video file, uint8 [H, W], decoded when they are asked for.

    Of several video streams it is the one that `data.video.decoding.index_file` chooses.

    Attributes:
      path: of the file.
      size: (H, W) of the first frame, upright and with square pixels; a frame of another size is
        scaled to it.
      times: float64 [T], when each frame is shown, seconds from the first, ascending.
      rate: frames a second, a Fraction; see `data.video.frame_times.Timing`.
      constant_rate: whether all frames are equally spaced, to within a tick of the file's clock.
      problem: what is wrong with the file, though it has frames; None if nothing. May become known
        while frames are read, where a file is decoded differently each time.
    """

    def __init__(self, path: Path | str):
        """Decodes the file once.

        Raises:
          OSError: there is no such file.
          ValueError: it holds no video, no frame that can be decoded, or frames that are too large;
            the message names it.
        """
        self.path = Path(path)
        self._index = index_file(self.path)
        timing = self._index.timing
        self.times, self.rate, self.constant_rate = timing.times, timing.rate, timing.constant_rate
        self.size = self._index.upright.size
        self.problem = self._index.problem
        self._may_seek = True
        self._frames: Iterator[np.ndarray] = iter(())
        self._next = len(self)  # number of the frame that `_frames` yields next

    def __len__(self) -> int:
        return len(self.times)

    def __iter__(self) -> Iterator[np.ndarray]:
        return self._from_start()

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        wanted = range(len(self))[index]
        try:
            if not self._next <= wanted < self._next + _FEW_FRAMES:
                self._next, self._frames = self._near(wanted)
            return self._advance(wanted)
        except _OtherFrameError:
            self._may_seek = False
            self._next, self._frames = 0, self._from_start()
            return self._advance(wanted)

    def _advance(self, wanted: int) -> np.ndarray:
        skipped, self._next = wanted - self._next, len(self)  # unknown, should reading fail
        for image in itertools.islice(self._frames, skipped, None):
            self._next = wanted + 1
            return image
        raise ValueError(f"{self.path}: frame {wanted} could be decoded before, but not now")

    def _near(self, wanted: int) -> tuple[int, Iterator[np.ndarray]]:
        """A frame that is not after the wanted one, and images from it on."""
        # The first deinterlaced frame after a jump lacks its predecessor.
        latest = wanted - 1 if self._index.interlaced else wanted
        keys = self._index.keys[self._index.keys <= latest]
        if not self._may_seek or not len(keys) or keys[-1] == 0:
            return 0, self._from_start()
        number, frames = self._sought(int(keys[-1]))
        images = self._images(self._checked(number, frames))
        if self._index.interlaced:
            number += 1
            next(images, None)
        return number, images

    def _sought(self, key: int) -> tuple[int, Iterator[av.VideoFrame]]:
        """Number of a key frame up to the given one, and frames from it on.

        Decoders label frames with the times of other ones where a container's times are in
        decoding order, so a place in the file is known by what it shows.
        """
        index = self._index
        frames = self._decode(int(index.stamps[key]))
        for frame in frames:
            if frame.key_frame:
                (found,) = np.nonzero(index.checksums[index.keys] == checksum(frame))
                if len(found) == 1 and index.keys[found[0]] <= key:
                    return int(index.keys[found[0]]), itertools.chain([frame], frames)
                break
        raise _OtherFrameError

    def _checked(self, number: int, frames: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
        """Frames that are those of the first pass, beginning with a number.

        Some streams cannot be read from their middle: x264's 4:4:4 says only at its start how it is
        to be decoded, and others are refreshed bit by bit.

        Raises:
          _OtherFrameError: one is not.
        """
        for i, frame in zip(range(number, len(self)), frames, strict=False):
            if checksum(frame) != self._index.checksums[i]:
                raise _OtherFrameError
            yield frame

    def _from_start(self) -> Iterator[np.ndarray]:
        return self._images(itertools.islice(self._noticed(self._decode()), len(self)))

    def _noticed(self, frames: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
        """All frames; if they are not those of the first pass, that becomes the problem."""
        for i, frame in enumerate(frames):
            if i < len(self) and checksum(frame) != self._index.checksums[i]:
                self.problem = self.problem or "is decoded differently each time"
            yield frame

    def _images(self, frames: Iterator[av.VideoFrame]) -> Iterator[np.ndarray]:
        whole = deinterlaced(frames) if self._index.interlaced else frames
        reformatter = VideoReformatter()
        with reading(self.path):
            for frame in whole:
                yield self._index.upright.grey(frame, reformatter)

    def _decode(self, stamp: int | None = None) -> Iterator[av.VideoFrame]:
        index = self._index
        return decode(self.path, index.stream, self._note, one_thread=index.one_thread, stamp=stamp)

    def _note(self, problem: str) -> None:
        self.problem = self.problem or problem


class _OtherFrameError(Exception):
    """A seek led elsewhere, or to a frame that cannot be decoded on its own."""


Video = VideoFile | ImageFolder | ImageFile


def open_video(path: Path | str) -> Video:
    """The frames of a video file, of a folder of images, or of an image file.

    An animated GIF, PNG or WebP has its frames, another image one; in a folder each must hold one.

    Raises:
      OSError: there is no such file or folder.
      ValueError: no frame can be read from it; the message names it.
    """
    path = Path(path)
    if path.is_dir():
        return ImageFolder(path)
    if path.suffix.lower() in IMAGE_SUFFIXES + ANIMATION_SUFFIXES:
        return ImageFile(path)
    return VideoFile(path)
