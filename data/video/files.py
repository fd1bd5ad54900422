"""Grey frames of video files and images, in order or by random access.

Frames are rotated and mirrored as their display matrix or EXIF orientation says, deinterlaced,
scaled to square pixels, and composited over black where transparent. Headers are not trusted: the
number of frames and their times come from one decoding pass, which keeps a few bytes per frame, so
memory does not grow with the video. Frames that cannot be decoded don't count; frames of more
pixels than `data.files.bounds` allows are refused before memory is allocated. A file that changes
while it is read is an error.
"""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from data.video.containers import reading
from data.video.decoding import decode, index_file
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
    """Frames of a video file, uint8 [H, W], decoded on demand.

    Of several video streams it reads the one that `data.video.decoding.index_file` chooses.

    Attributes:
      path: of the file.
      size: (H, W) of the first frame, upright and with square pixels; a frame of another size is
        scaled to it.
      times: float64 [T], when each frame is shown, seconds from the first, ascending.
      rate: frames per second, a Fraction; see `data.video.frame_times.Timing`.
      constant_rate: whether all frames are equally spaced, to within a tick of the file's clock.
      problem: what is wrong with the file although it has frames; None if nothing. May appear
        while frames are read, if decoding is not deterministic.
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
        """Number of a key frame up to the given one, and the frames from there.

        Where a container's times are in decoding order, decoders give frames the times of others,
        so the position after a seek is recognised by the frame's content.
        """
        index = self._index
        frames = self._decode(int(index.stamps[key]))
        for frame in frames:
            if frame.key_frame:
                (found,) = np.nonzero(index.checksums[index.keys] == checksum(frame))
                if len(found) == 1 and index.keys[found[0]] <= key:
                    return int(index.keys[found[0]]), itertools.chain([frame], frames)
                break
        raise _OtherFrameError(self.path)

    def _checked(self, number: int, frames: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
        """Frames from a number on, checked against those of the first pass.

        Some streams cannot be decoded from the middle: x264's 4:4:4 has its parameters only at the
        start, and others refresh gradually.

        Raises:
          _OtherFrameError: a frame differs.
        """
        for i, frame in zip(range(number, len(self)), frames, strict=False):
            if checksum(frame) != self._index.checksums[i]:
                raise _OtherFrameError(self.path)
            yield frame

    def _from_start(self) -> Iterator[np.ndarray]:
        return self._images(self._noticed(self._decode()))

    def _noticed(self, frames: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
        """All frames; a difference from the first pass is noted as the problem."""
        count = 0
        for frame, expected in zip(frames, self._index.checksums, strict=False):
            if checksum(frame) != expected:
                self.problem = self.problem or "is decoded differently each time"
            yield frame
            count += 1
        if count < len(self):
            raise ValueError(
                f"{self.path}: {len(self)} frames could be decoded before, now {count}"
            )

    def _images(self, frames: Iterator[av.VideoFrame]) -> Iterator[np.ndarray]:
        whole = deinterlaced(frames) if self._index.interlaced else frames
        reformatter = VideoReformatter()
        with reading(self.path):
            for frame in whole:
                yield self._index.upright.grey(frame, reformatter)

    def _decode(self, stamp: int | None = None) -> Iterator[av.VideoFrame]:
        index = self._index
        return decode(
            self.path,
            index.stream,
            self._note,
            state=index.state,
            one_thread=index.one_thread,
            stamp=stamp,
        )

    def _note(self, problem: str) -> None:
        self.problem = self.problem or problem


class _OtherFrameError(ValueError):
    """A seek led to another frame, or to one that cannot be decoded on its own."""

    def __init__(self, path: Path):
        super().__init__(f"{path}: other frames than before")


Video = VideoFile | ImageFolder | ImageFile


def open_video(path: Path | str) -> Video:
    """The frames of a video file, a folder of images, or an image file.

    An animated GIF, PNG or WebP is a video, any other image a single frame; images of a folder must
    hold one frame each.

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
