"""A video file as a stream: its packets are listed first, which takes no decoding."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from data.files.reading import state_of
from data.video.containers import candidate_streams, nothing_decoded, opened, reading
from data.video.decoding import Promise, decode
from data.video.deinterlacing import deinterlaced_where_marked
from data.video.frame_times import NO_STAMP, timing
from data.video.orientation import Upright, check_pixels
from data.video.picture import Picture


class FileStream:
    """Frames of a video file; see `data.video.stream.Stream`.

    One thread decodes, so that damaged data is concealed in the same way each time.
    """

    live = False

    def __init__(self, path: Path):
        """Lists the packets and decodes the first frame.

        Of several video streams it reads the first with more than one packet, beginning with
        FFmpeg's choice; attached pictures, such as album covers, don't count.

        Raises:
          OSError: there is no such file.
          ValueError: it holds no video, no frame that can be decoded, or frames that are too large;
            the message names it.
        """
        self.path, self.name = path, path.name
        self.problem: str | None = None
        with reading(path):
            self._open()

    def _open(self) -> None:
        path = self.path
        candidates = candidate_streams(path)
        self._state = state_of(path)
        listed = {number: self._stamps(number) for number in candidates}
        self._number = next((n for n in candidates if len(listed[n]) > 1), candidates[0])
        ticks = listed[self._number]
        with opened(path) as container:
            self._promise = Promise.of(container, self._number)
            reordered = container.streams.video[self._number].codec_context.has_b_frames
        # Where packets are stamped in decoding order, decoders give frames the times of others.
        self._stamps_hold = NO_STAMP not in ticks and bool(
            not reordered or (np.diff(ticks) < 0).any()
        )
        found = timing(ticks, self._promise.clock, self._promise.rates)
        self.rate, self.constant_rate = found.rate, found.constant_rate
        self.times: np.ndarray | None = found.times
        if found.constant_rate:  # without the rounding of containers
            self.times = np.arange(len(ticks)) / float(found.rate)
        self._order = {tick: number for number, tick in enumerate(np.sort(ticks).tolist())}
        first = next(self._decoded(), None)
        if first is None:
            raise nothing_decoded(path)
        self._upright = Upright(first, self._promise.aspect)
        self.size = self._upright.size
        check_pixels(path, self.size)

    def shown(self) -> Iterator[tuple[float, Callable[[], Picture]]]:
        """See `data.video.stream.Stream.shown`."""
        reformatter = VideoReformatter()
        count, interlaced, number = 0, False, -1
        with reading(self.path):
            for stamp, frame in deinterlaced_where_marked(self._decoded()):
                count, interlaced = count + 1, interlaced or frame.interlaced_frame
                number = self._position(stamp, number)
                yield self._time(number), partial(self._picture, frame, reformatter)
        for problem in self._promise.broken_by(count, self._time(number + 1), interlaced):
            self._note(problem)

    def close(self) -> None:
        """Nothing: a file is open only while it is read."""

    def _picture(self, frame: av.VideoFrame, reformatter: VideoReformatter) -> Picture:
        with reading(self.path):
            grey = self._upright.grey(frame, reformatter)
            return Picture(grey, self._upright.colour(frame, reformatter))

    def _position(self, stamp: int | None, before: int) -> int:
        """Number of a frame among the packets; those of frames that are lost are passed over."""
        found = self._order.get(stamp, -1) if self._stamps_hold and stamp is not None else -1
        return found if found > before else before + 1

    def _time(self, number: int) -> float:
        assert self.times is not None
        last = len(self.times) - 1
        return float(self.times[min(number, last)]) + max(0, number - last) / float(self.rate)

    def _decoded(self) -> Iterator[av.VideoFrame]:
        frames = decode(self.path, self._number, self._note, state=self._state, one_thread=True)
        for frame in frames:
            if frame.is_corrupt:
                self._note("holds damaged frames")
            yield frame

    def _stamps(self, number: int) -> np.ndarray:
        """Time stamps of a stream's packets, ticks, int64 [T], in the file's order."""
        stamps = []
        with opened(self.path) as container:
            try:
                for packet in container.demux(container.streams.video[number]):
                    if packet.size and not packet.is_discard:
                        stamps.append(NO_STAMP if packet.pts is None else packet.pts)
            except av.error.FFmpegError:
                self._note("is cut off, or damaged at its end")
        return np.array(stamps, np.int64)

    def _note(self, problem: str) -> None:
        self.problem = self.problem or problem
