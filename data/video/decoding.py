"""Decodes a video stream, and indexes its frames.

Headers are not trusted: `index_file` decodes the file once and keeps a few bytes per frame.
"""

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from data.files.bounds import pixels_at_most
from data.files.reading import State, check_unchanged, state_of
from data.video.containers import candidate_streams, nothing_decoded, opened, reading
from data.video.frame_times import NO_STAMP, Timing, timing
from data.video.orientation import Upright, check_pixels, checksum


@dataclass(frozen=True)
class FileIndex:
    """Index of a stream of T frames, from one pass over it.

    Attributes:
      stream: number among the file's video streams.
      upright: how frames are turned upright, and their size then.
      stamps: presentation time stamps, int64 [T], `data.video.frame_times.NO_STAMP` where missing.
      checksums: uint32 [T], of the decoded frames.
      keys: numbers of the key frames that have stamps, ascending.
      interlaced: whether any frame is.
      timing: when frames are shown.
      problem: what is wrong; None if nothing.
      one_thread: whether it was decoded by a single thread, as files with a problem are: several
        threads conceal errors differently each time.
      state: of the file, which later passes must find unchanged.
    """

    stream: int
    upright: Upright
    stamps: np.ndarray
    checksums: np.ndarray
    keys: np.ndarray
    interlaced: bool
    timing: Timing
    problem: str | None
    one_thread: bool
    state: State


def index_file(path: Path) -> FileIndex:
    """Decodes a file's video once.

    Of several video streams it takes the first with more than one frame, beginning with FFmpeg's
    choice; attached pictures, such as album covers, don't count.

    Raises:
      OSError: there is no such file.
      ValueError: it holds no video, or no frame that can be decoded, or frames that are too large;
        the message names it.
    """
    found: FileIndex | None = None
    for stream in candidate_streams(path):
        with reading(path):
            index = _index(path, stream)
            if index is not None and index.problem:
                index = _index(path, stream, one_thread=True)
        if index is not None and len(index.stamps) > 1:
            return index
        found = found or index
    if found is None:
        raise nothing_decoded(path)
    return found


def decode(
    path: Path,
    stream_number: int,
    note: Callable[[str], None],
    *,
    state: State,
    one_thread: bool = False,
    stamp: int | None = None,
) -> Iterator[av.VideoFrame]:
    """Frames in presentation order.

    Args:
      path: of the file.
      stream_number: see `FileIndex`.
      state: of the file when it was read first.
      note: called with problems that don't stop decoding.
      one_thread: makes the decoding of damaged data deterministic.
      stamp: starts at the key frame before it, or elsewhere if the container is damaged.

    Raises:
      OSError: there is no such file.
      ValueError: no video, or of too large frames, or the file has changed; the message names it.
    """
    check_unchanged(path, state)
    with opened(path) as container:
        stream = container.streams.video[stream_number]
        codec = stream.codec_context
        most = pixels_at_most(state.size)
        if codec.height * codec.width:  # else it is in the frames
            check_pixels(path, (codec.height, codec.width), most)
        codec.options = {"max_pixels": str(most)}  # where a header's lie shows while decoding
        codec.thread_type = "AUTO"
        if one_thread:
            codec.thread_count = 1
        if stamp is not None:
            container.seek(stamp, stream=stream)
        for packet in _packets(container, stream, note):
            try:
                frames = codec.decode(packet)
            except av.error.FFmpegError:
                note("holds data that cannot be decoded")
                continue
            yield from frames
    check_unchanged(path, state)


def _packets(
    container: av.container.InputContainer, stream: av.VideoStream, note: Callable[[str], None]
) -> Iterator[av.Packet | None]:
    """A stream's packets, then None, which flushes the decoder."""
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except av.error.FFmpegError:
        note("is cut off, or damaged at its end")
    yield None


def _index(path: Path, number: int, *, one_thread: bool = False) -> FileIndex | None:
    """Index of a stream; None if no frame of it can be decoded."""
    problems: list[str] = []
    state = state_of(path)
    with opened(path) as container:
        promise = Promise.of(container, number)
    upright: Upright | None = None
    interlaced = corrupt = False
    stamps, checksums, keys = array("q"), array("I"), array("q")
    for frame in decode(path, number, problems.append, state=state, one_thread=one_thread):
        if upright is None:
            upright = Upright(frame, promise.aspect)
            check_pixels(path, upright.size)
        if frame.key_frame and frame.pts is not None:
            keys.append(len(stamps))
        stamps.append(NO_STAMP if frame.pts is None else frame.pts)
        checksums.append(checksum(frame))
        interlaced |= frame.interlaced_frame
        corrupt |= frame.is_corrupt
    if upright is None:
        return None
    ticks = np.array(stamps)
    found = timing(ticks, promise.clock, promise.rates)
    seconds = found.times[-1] + float(1 / found.rate)
    problems += promise.broken_by(len(ticks), seconds, interlaced)
    problems += ["holds damaged frames"] * corrupt
    return FileIndex(
        stream=number,
        upright=upright,
        stamps=ticks,
        checksums=np.array(checksums, np.uint32),
        keys=np.array(keys),
        interlaced=interlaced,
        timing=found,
        problem=problems[0] if problems else None,
        one_thread=one_thread,
        state=state,
    )


@dataclass(frozen=True)
class Promise:
    """What the headers claim of a stream."""

    num_frames: int
    seconds: float
    aspect: Fraction | None
    clock: Fraction | None
    rates: tuple[Fraction | None, ...]

    @classmethod
    def of(cls, container: av.container.InputContainer, number: int) -> "Promise":
        stream = container.streams.video[number]
        # Sound may continue without the frames.
        seconds = (container.duration or 0) / av.time_base if len(container.streams) == 1 else 0.0
        rates = (stream.guessed_rate, stream.average_rate, stream.base_rate)
        aspect = stream.sample_aspect_ratio
        return cls(stream.frames, seconds, aspect, stream.time_base, rates)

    def broken_by(self, have: int, seconds: float, interlaced: bool) -> list[str]:
        """Claims that the decoded frames, so many and so long, fall short of."""
        # Genuine clips of HMDB-51 promise a frame more than they have; some count fields.
        if self.num_frames > (2 * have if interlaced else have) + 1:
            return [f"promises {self.num_frames} frames, has {have}"]
        if self.seconds > 1.1 * seconds + 0.2:
            return [f"promises {self.seconds:.1f} s, has {seconds:.1f} s"]
        return []
