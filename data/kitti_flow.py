"""Flow files as KITTI writes them: PNGs of 16 bits a channel.

Red is 64 u + 2^15, green 64 v + 2^15, rounded to whole numbers, so components lie within 512 pixels
of zero and are exact to 1/128 pixel; blue is 1 where the flow is known, else 0, as are the others.

Source: Menze and Geiger 2015, the development kit's `flow_write.m`. Pillow has no such images.
"""

import struct
import zlib
from pathlib import Path

import numpy as np

from data.files.bounds import pixels_at_most
from data.files.reading import reading

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = ">IIBBBBB"  # width, height, bits, colour type, compression, filter, interlace
_RGB_16 = (16, 2, 0, 0, 0)
_SCALE, _ZERO, _LARGEST = 64.0, 2**15, 2**16 - 1
_LEVEL = 1  # of compression; higher ones take several times as long for a few per cent


def write_kitti(path: Path, flow: np.ndarray) -> None:
    """Writes a flow [h, w, 2]; NaN, and what the format cannot hold, becomes unknown."""
    height, width, _ = flow.shape
    values = np.rint(np.asarray(flow, np.float64) * _SCALE + _ZERO)
    known = np.all((values >= 0) & (values <= _LARGEST), axis=-1, keepdims=True)  # not of NaN
    rows = np.zeros((height, 1 + 6 * width), np.uint8)  # each begins with its filter: none
    pixels = np.zeros((height, width, 3), ">u2")
    pixels[..., :2] = np.where(known, values, 0)
    pixels[..., 2:] = known
    rows[:, 1:] = pixels.view(np.uint8).reshape(height, -1)
    header = struct.pack(_HEADER, width, height, *_RGB_16)
    body = zlib.compress(rows.tobytes(), _LEVEL)
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    path.write_bytes(_SIGNATURE + b"".join(_chunk(kind, content) for kind, content in chunks))


def read_kitti(path: Path) -> np.ndarray:
    """Flow of a file, of any writer.

    Returns:
      float32 [h, w, 2], (u, v) = (x right, y down), pixels; NaN where it is unknown.

    Raises:
      OSError: unreadable.
      ValueError: not a PNG of three channels of 16 bits, not interlaced, or damaged; the message
        names the file.
    """
    with reading(path, "a flow as KITTI writes it, a PNG of 3 x 16 bits"):
        width, height, body = _parsed(path.read_bytes())
        if not 0 < width * height <= pixels_at_most(len(body)):
            raise ValueError(f"{width}x{height} pixels in {len(body)} bytes")
        expanded = zlib.decompressobj().decompress(body, height * (1 + 6 * width))
        rows = np.frombuffer(expanded, np.uint8).reshape(height, 1 + 6 * width)
        pixels = _unfiltered(rows[:, 0], rows[:, 1:].reshape(height, width, 6))
    values = np.ascontiguousarray(pixels).view(">u2").astype(np.float32)
    flow = (values[..., :2] - _ZERO) / np.float32(_SCALE)
    return np.where(values[..., 2:] > 0, flow, np.float32(np.nan))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def _parsed(content: bytes) -> tuple[int, int, bytes]:
    """Width, height and compressed rows."""
    if not content.startswith(_SIGNATURE):
        raise ValueError("no PNG")
    width = height = 0
    body, position = b"", len(_SIGNATURE)
    while position < len(content):
        (length,) = struct.unpack_from(">I", content, position)
        kind, start = content[position + 4 : position + 8], position + 8
        (checksum,) = struct.unpack_from(">I", content, start + length)
        if checksum != zlib.crc32(content[position + 4 : start + length]):
            raise ValueError("damaged")
        if kind == b"IHDR":
            width, height, *form = struct.unpack_from(_HEADER, content, start)
            if tuple(form) != _RGB_16:
                raise ValueError("other pixels")
        elif kind == b"IDAT":
            body += content[start : start + length]
        position = start + length + 4
    return width, height, body


def _unfiltered(filters: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Undoes PNG's prediction of bytes; rows are uint8 [h, w, 6]."""
    made = np.zeros_like(rows)
    above = np.zeros_like(rows[0])
    for row, kind in enumerate(filters):
        if kind == 0:
            made[row] = rows[row]
        elif kind == 1:
            made[row] = np.cumsum(rows[row], axis=0, dtype=np.uint8)
        elif kind == 2:
            made[row] = rows[row] + above
        elif kind in (3, 4):
            left = upper_left = np.zeros(6, np.int32)
            for column in range(len(above)):
                upper = above[column].astype(np.int32)
                guess = (left + upper) // 2 if kind == 3 else _paeth(left, upper, upper_left)
                left = (rows[row, column] + guess) & 255
                upper_left = upper
                made[row, column] = left
        else:
            raise ValueError(f"filter {kind}")
        above = made[row]
    return made


def _paeth(left: np.ndarray, upper: np.ndarray, upper_left: np.ndarray) -> np.ndarray:
    guess = left + upper - upper_left
    candidates = np.stack([left, upper, upper_left])
    nearest = np.argmin(np.abs(candidates - guess), axis=0)  # of equal ones the first
    return np.take_along_axis(candidates, nearest[None], axis=0)[0]
