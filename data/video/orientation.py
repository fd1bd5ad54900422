"""Frames as they are displayed: upright, with square pixels; in grey or colour.

Phones store video as the sensor reads it, with a display matrix to rotate and mirror it; DV, DVD
and broadcast video has pixels that are not square.
"""

import zlib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from data.files.bounds import MAX_PIXELS

_PLAUSIBLE_ASPECTS = (Fraction(1, 8), Fraction(8))


def check_pixels(path: Path | str, size: tuple[int, int], most: int = MAX_PIXELS) -> None:
    """Refuses frames of too many pixels, before memory is allocated.

    Args:
      path: of the file, or a camera's name, for the message.
      size: (H, W).
      most: pixels, see `data.files.bounds.pixels_at_most`.

    Raises:
      ValueError: the size is larger, or there is no pixel.
    """
    if not 0 < size[0] * size[1] <= most:
        raise ValueError(
            f"{path}: frames of {size[1]}x{size[0]} pixels; expected 1 to {most} pixels"
        )


class Upright:
    """Turns a video's frames upright and makes their pixels square.

    Rotation and mirroring are those of the first frame's display matrix, to the nearest multiple of
    90 degrees.

    Attributes:
      size: (H, W) of the result.
    """

    def __init__(self, first: av.VideoFrame, aspect: Fraction | None):
        """Reads the first frame's display matrix.

        Args:
          first: as decoded.
          aspect: sample aspect ratio, width by height, as stored. The shorter side is scaled up, so
            that no detail is lost. None, or an implausible one, counts as 1.
        """
        height, width = first.height, first.width
        if aspect and _PLAUSIBLE_ASPECTS[0] <= aspect <= _PLAUSIBLE_ASPECTS[1]:
            if aspect > 1:
                width = round(width * aspect)
            else:
                height = round(height / aspect)
        self._stored_size = height, width
        self._matrix = _display_matrix(first)
        self.size = (width, height) if _exchanges_axes(self._matrix) else (height, width)

    def grey(self, frame: av.VideoFrame, reformatter: VideoReformatter) -> np.ndarray:
        """Grey levels, uint8 [H, W], of a decoded frame, composited over black.

        Args:
          frame: of any size; it is scaled.
          reformatter: shared by all frames, as creating one takes longer than using it.
        """
        image = self._pixels(frame, "gray", reformatter)
        if _may_be_transparent(frame.format):
            opacity = self._pixels(frame, "rgba", reformatter)[..., 3] / 255
            image = np.round(image * opacity).astype(np.uint8)
        return np.ascontiguousarray(_turn(image, self._matrix))

    def colour(self, frame: av.VideoFrame, reformatter: VideoReformatter) -> np.ndarray | None:
        """RGB, uint8 [H, W, 3], as `grey`; None of a frame that is stored in grey."""
        if len(frame.format.components) < 3 and not frame.format.has_palette:
            return None
        if not _may_be_transparent(frame.format):
            image = self._pixels(frame, "rgb24", reformatter)
        else:
            pixels = self._pixels(frame, "rgba", reformatter)
            image = np.round(pixels[..., :3] * (pixels[..., 3:] / 255)).astype(np.uint8)
        return np.ascontiguousarray(_turn(image, self._matrix))

    def _pixels(self, frame: av.VideoFrame, form: str, reformatter: VideoReformatter) -> np.ndarray:
        height, width = self._stored_size
        return reformatter.reformat(frame, width, height, form, threads=1).to_ndarray()


def checksum(frame: av.VideoFrame) -> int:
    """CRC-32 of a frame's luma, as decoded."""
    brightness = frame.planes[0]
    if frame.format.is_rgb or not frame.format.is_planar or brightness.line_size < 0:
        rows = frame.reformat(format="gray", threads=1).to_ndarray()
    else:
        used = brightness.width * -(-frame.format.components[0].bits // 8)
        rows = np.frombuffer(memoryview(brightness), np.uint8).reshape(brightness.height, -1)[
            :, :used
        ]
    return zlib.crc32(np.ascontiguousarray(rows).data)


def _may_be_transparent(pixels: av.VideoFormat) -> bool:
    return pixels.has_palette or any(component.is_alpha for component in pixels.components)


def _display_matrix(frame: av.VideoFrame) -> np.ndarray:
    """[2, 2]: its first row says where a step to the right goes as (right, down); the other: down.

    Not for each frame: one that was asked for its side data refers to itself, and lives until
    Python looks for such.

    Source: FFmpeg, libavutil/display.h.
    """
    side_data: Mapping[Any, Any] = frame.side_data
    matrix = side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return np.eye(2)
    return np.frombuffer(matrix, np.int32)[:9].reshape(3, 3)[:2, :2].astype(float)


def _exchanges_axes(matrix: np.ndarray) -> bool:
    return bool(abs(matrix[0, 1]) + abs(matrix[1, 0]) > abs(matrix[0, 0]) + abs(matrix[1, 1]))


def _turn(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    if _exchanges_axes(matrix):
        image, matrix = image.swapaxes(0, 1), matrix[::-1]
    if matrix[0, 0] < 0:
        image = image[:, ::-1]
    if matrix[1, 1] < 0:
        image = image[::-1]
    return image
