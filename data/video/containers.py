"""Opens video files, and says which streams of them may be read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.stream import Disposition

from data.files.bounds import pixels_at_most
from data.files.reading import check_regular, is_named, reason

_PICTURES = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
_CONTAINERS = (  # none that reads other files, as playlists do, nor one that shows text
    *("avi", "mov", "matroska", "mpeg", "mpegts", "mpegvideo", "asf", "ogg", "flv", "mxf", "gxf"),
    *("gif", "apng", "dv", "nut", "wtv", "rm", "swf", "ivf", "obu", "av1", "h264", "hevc", "vc1"),
    *("m4v", "mjpeg", "yuv4mpegpipe"),
)
_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": ",".join(_CONTAINERS)}


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Reports FFmpeg's errors, and what PyAV makes of damaged headers, with the file's name."""
    try:
        yield
    except av.error.FFmpegError as error:
        raise ValueError(f"{path}: not a readable video ({error.strerror})") from error
    except Exception as error:
        if is_named(error, path):
            raise
        raise ValueError(f"{path}: not a readable video ({reason(error)})") from error


@contextmanager
def opened(path: Path) -> Iterator[av.container.InputContainer]:
    """A video file, by its absolute path, so that no name is taken for a protocol.

    Raises:
      OSError: there is no such file.
      ValueError: it cannot be read, or is a playlist; the message names it.
    """
    check_regular(path)
    # Titles that are not UTF-8 occur in HMDB-51.
    with (
        reading(path),
        av.open(f"file:{path.absolute()}", metadata_errors="ignore", options=_OPTIONS) as container,
    ):
        yield container


def nothing_decoded(path: Path) -> ValueError:
    """The error of a file without a frame that can be decoded."""
    most = pixels_at_most(path.stat().st_size)
    return ValueError(f"{path}: no frame can be decoded, of {most} pixels at most")


def candidate_streams(path: Path) -> list[int]:
    """Candidate video streams, the likeliest first."""
    with opened(path) as container:
        streams = container.streams.video
        videos = [i for i, stream in enumerate(streams) if not stream.disposition & _PICTURES]
        if not videos:
            pictures = ", only pictures such as a cover" if streams else ""
            raise ValueError(f"{path}: holds no video{pictures}")
        known = [i for i in videos if streams[i].codec_context is not None]
        if not known:
            raise ValueError(f"{path}: holds a video of a format that is not known")
        best = container.streams.best("video")
        return sorted(known, key=lambda i: (streams[i] is not best, i))
