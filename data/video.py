"""Frames of video files and of folders of images: grey, one after the other or at random access.

Headers are not believed. How many frames a file has and when each is shown is known after one pass
that decodes it and keeps nothing but the times, so memory does not grow with its length. Frames
that cannot be decoded don't count.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from PIL import Image

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".ppm", ".tif", ".tiff", ".webp")
VIDEO_SUFFIXES = (".avi", ".mp4", ".mkv", ".mov", ".mpg", ".mpeg", ".webm", ".m4v", ".wmv", ".ogv")
DEFAULT_RATE = 30.0  # frames a second, where the file gives no plausible times
_PLAUSIBLE_RATES = (0.1, 1000.0)
_FEW_FRAMES = 32  # that are decoded rather than sought


def open_video(path: Path) -> "VideoFile | ImageFolder":
    """The frames of a video file or of a folder of images.

    Raises:
      OSError: there is no such file or folder.
      ValueError: no frame can be read from it; the message names it.
    """
    return ImageFolder(path) if path.is_dir() else VideoFile(path)


class VideoFile(Sequence[np.ndarray]):
    """Frames of a video file, uint8 [H, W], decoded when they are asked for.

    Attributes:
      path: of the file.
      size: (H, W) of the first frame; a frame of another size is scaled to it.
      times: when each frame is shown, seconds from the first, ascending.
      rate: mean number of frames a second.
      problem: what is wrong with the file, though it has frames; None if nothing.
    """

    def __init__(self, path: Path):
        """Decodes the file once.

        Raises:
          OSError: there is no such file.
          ValueError: it holds no video, or no frame that can be decoded.
        """
        self.path = path
        self.problem: str | None = None
        self.size = (0, 0)
        self._promised = 0
        self._duration = 0.0
        stamps: list[int | None] = []
        clock = 0.0
        self._key_frames: dict[int, tuple[int, int]] = {}  # stamp and checksum by number
        for frame in self._decode():
            if not stamps:
                self.size, clock = (frame.height, frame.width), float(frame.time_base or 0)
            if frame.key_frame and frame.pts is not None:
                self._key_frames[len(stamps)] = frame.pts, _checksum(frame)
            stamps.append(frame.pts)
        if not stamps:
            raise ValueError(f"{path}: no frame can be decoded")
        self._length = len(stamps)
        self.times, self.rate = _times(stamps, clock)
        if self.problem is None:
            self.problem = self._broken_promise()
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._next = self._length  # number of the frame that `_frames` yields next

    def _broken_promise(self) -> str | None:
        # Genuine clips of HMDB-51 promise a frame more than they have.
        if self._promised > self._length + 1:
            return f"promises {self._promised} frames, has {self._length}"
        seconds = self.times[-1] + 1 / self.rate
        if self._duration > 1.1 * seconds + 0.2:
            return f"promises {self._duration:.1f} s, has {seconds:.1f} s"
        return None

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self._grey(frame) for frame in self._decode())

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        wanted = range(len(self))[index]
        if not self._next <= wanted < self._next + _FEW_FRAMES:
            self._seek(wanted)
        for frame in self._frames:
            self._next += 1
            if self._next > wanted:
                return self._grey(frame)
        raise ValueError(f"{self.path}: frame {wanted} could be decoded before, but not now")

    def _seek(self, wanted: int) -> None:
        """Goes to the last key frame that is not after the wanted frame, or to the start.

        Decoders label frames with the times of other ones where a container's times are in
        decoding order, so a place in the file is known by what it shows.
        """
        before = [number for number in self._key_frames if number <= wanted]
        if before and max(before) > 0:
            number = max(before)
            stamp, checksum = self._key_frames[number]
            if [key[1] for key in self._key_frames.values()].count(checksum) == 1:
                self._frames = self._decode(stamp)
                for frame in self._frames:
                    if frame.key_frame:
                        if _checksum(frame) != checksum:
                            break
                        self._next = number + 1
                        if number == wanted:  # is asked for itself
                            self._frames, self._next = _chain(frame, self._frames), number
                        return
        self._frames, self._next = self._decode(), 0

    def _grey(self, frame: av.VideoFrame) -> np.ndarray:
        height, width = self.size
        return frame.reformat(width=width, height=height, format="gray").to_ndarray()

    def _decode(self, stamp: int | None = None) -> Iterator[av.VideoFrame]:
        """Frames in the order in which they are shown, from the key frame before a stamp."""
        if not self.path.is_file():
            raise FileNotFoundError(f"{self.path}: no such file")
        try:
            # Titles that are not UTF-8 occur in HMDB-51.
            with av.open(str(self.path), metadata_errors="ignore") as container:
                if not container.streams.video:
                    raise ValueError(f"{self.path}: holds no video")
                stream = container.streams.video[0]
                stream.thread_type = "AUTO"
                self._promised = stream.frames
                if len(container.streams) == 1:  # sound may go on without the frames
                    self._duration = (container.duration or 0) / av.time_base
                if stamp is not None:
                    container.seek(stamp, stream=stream)
                for packet in self._packets(container, stream):
                    try:
                        yield from stream.codec_context.decode(packet)
                    except av.error.FFmpegError:
                        self.problem = "holds data that cannot be decoded"
        except av.error.FFmpegError as error:
            raise ValueError(f"{self.path}: not a readable video ({error.strerror})") from error

    def _packets(
        self, container: av.container.InputContainer, stream: av.VideoStream
    ) -> Iterator[av.Packet | None]:
        """The stream's packets, then None, for the frames that the decoder holds back."""
        try:
            for packet in container.demux(stream):
                if packet.size:
                    yield packet
        except av.error.FFmpegError:
            self.problem = "is cut off, or damaged at its end"
        yield None


def _chain(frame: av.VideoFrame, frames: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    yield frame
    yield from frames


def _checksum(frame: av.VideoFrame) -> int:
    return zlib.crc32(memoryview(frame.planes[0]))


def _times(stamps: Sequence[int | None], clock: float) -> tuple[np.ndarray, float]:
    """Times of frames from their stamps, of which the order is not to be relied on; and the rate.

    Where they give none, or a rate that no video has, frames come at `DEFAULT_RATE`.
    """
    known = sorted(stamp for stamp in stamps if stamp is not None)
    if len(known) == len(stamps) > 1 and np.all(np.diff(known) > 0):
        times = clock * (np.array(known) - known[0])
        rate = float(len(times) - 1) / times[-1] if times[-1] > 0 else 0.0
        if _PLAUSIBLE_RATES[0] <= rate <= _PLAUSIBLE_RATES[1]:
            return times, rate
    return np.arange(len(stamps)) / DEFAULT_RATE, DEFAULT_RATE


class ImageFolder(Sequence[np.ndarray]):
    """The images of a folder as frames, uint8 [H, W], in the order of the numbers in their names.

    Attributes:
      path: of the folder.
      size: (H, W) of the first image, which all must have.
      times: when each frame is shown, seconds, at `DEFAULT_RATE`; a folder has no clock.
      rate: `DEFAULT_RATE`.
      problem: None; a damaged image is an error.
    """

    def __init__(self, path: Path):
        """Lists the images.

        Raises:
          OSError: unreadable.
          ValueError: there are none; the message says which are looked for.
        """
        self.path = path
        self.paths = images_in(path)
        if not self.paths:
            raise ValueError(f"{path}: no images; expected files {', '.join(IMAGE_SUFFIXES)}")
        self.size = _read_grey(self.paths[0]).shape
        self.times, self.rate = np.arange(len(self.paths)) / DEFAULT_RATE, DEFAULT_RATE
        self.problem: str | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        image = _read_grey(self.paths[index])
        if image.shape != self.size:
            raise ValueError(
                f"{self.paths[index]}: {image.shape} pixels; expected {self.size}, as the first"
            )
        return image


def images_in(folder: Path) -> list[Path]:
    """Files of a folder that are images by name, frame_2 before frame_10."""
    files = (file for file in folder.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
    return sorted(files, key=_by_number)


def _by_number(path: Path) -> list[tuple[int, int | str]]:
    parts = re.split(r"(\d+)", path.name)
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts]


def _read_grey(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as image:
            if image.mode.startswith("I;16"):
                return (np.asarray(image) >> 8).astype(np.uint8)
            if image.mode in ("I", "F"):  # of unknown range
                raise ValueError(f"{path}: pixels of {image.mode}; expected 8 or 16 bits a channel")
            return np.asarray(image.convert("L"))
    except (OSError, SyntaxError) as error:
        raise ValueError(f"{path}: not a readable image ({error})") from error
