"""Deinterlacing: frames whose odd and even rows were recorded at different times."""

from collections import deque
from collections.abc import Iterator
from fractions import Fraction

import av
import av.filter

_ANY_CLOCK = Fraction(1, 1000)  # nothing depends on it
_MIN_SIZE = (4, 3)  # (H, W) that the filter takes


def deinterlaced(frames: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """Deinterlaces the frames marked as interlaced, one frame for each; others are left alone.

    The first field is kept. FFmpeg's `bwdif` interpolates the rows of the other one from it and
    from the previous and the next frame.
    """
    graph, kind = None, None
    for frame in frames:
        if kind != (kind := (frame.height, frame.width, frame.format.name)):
            if graph is not None:
                yield from _rest(graph)
            graph = _graph(frame)
        if graph is None:
            yield frame
        else:
            graph.push(frame)
            yield from _ready(graph)
    if graph is not None:
        yield from _rest(graph)


def deinterlaced_where_marked(
    frames: Iterator[av.VideoFrame],
) -> Iterator[tuple[int | None, av.VideoFrame]]:
    """As `deinterlaced`, where it isn't known beforehand whether a frame is interlaced.

    Yields:
      The time stamp of each frame as it was before, and the frame.
    """
    stamps: deque[int | None] = deque()
    before: av.VideoFrame | None = None
    for frame in frames:
        if frame.interlaced_frame:
            break
        yield frame.pts, frame
        before = frame
    else:
        return
    start = [frame] if before is None else [before, frame]  # each is filtered with its neighbours
    stamps.extend(f.pts for f in start)

    def noted(rest: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
        yield from start
        for frame in rest:
            stamps.append(frame.pts)
            yield frame

    for number, frame in enumerate(deinterlaced(noted(frames))):
        stamp = stamps.popleft()
        if number or before is None:
            yield stamp, frame


def _graph(frame: av.VideoFrame) -> av.filter.Graph | None:
    if frame.height < _MIN_SIZE[0] or frame.width < _MIN_SIZE[1]:
        return None
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format,
        time_base=frame.time_base or _ANY_CLOCK,
    )
    bwdif = graph.add("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
    graph.link_nodes(source, bwdif, graph.add("buffersink")).configure()
    return graph


def _rest(graph: av.filter.Graph) -> Iterator[av.VideoFrame]:
    graph.push(None)
    yield from _ready(graph)


def _ready(graph: av.filter.Graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            yield graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
