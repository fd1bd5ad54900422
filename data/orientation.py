"""Frames as they are meant to be seen: upright, with square pixels, grey.

A phone's video is stored as its sensor reads it, with a display matrix that says how to turn and
mirror it; DV, DVD and broadcast store pixels that are not square.
"""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

MAX_PIXELS = 8192 * 8192  # of a frame; headers that ask for more are damaged or malicious
_PLAUSIBLE_ASPECTS = (Fraction(1, 8), Fraction(8))


def check_pixels(path: Path, size: tuple[int, int]) -> None:
    """Refuses frames of more than `MAX_PIXELS`, before memory is taken.

    Raises:
      ValueError: the size (H, W) is larger; the message names the file.
    """
    if size[0] * size[1] > MAX_PIXELS:
        raise ValueError(
            f"{path}: frames of {size[1]}x{size[0]} pixels; expected {MAX_PIXELS} pixels at most"
        )


def upright_size(frame: av.VideoFrame, aspect: Fraction | None) -> tuple[int, int]:
    """(H, W) of a frame, seen upright.

    Args:
      frame: as decoded.
      aspect: width of its pixels by their height, as stored. The side that is too short is scaled
        up, so that no detail is lost. None, or what no camera has, counts as 1.
    """
    height, width = frame.height, frame.width
    if aspect and _PLAUSIBLE_ASPECTS[0] <= aspect <= _PLAUSIBLE_ASPECTS[1]:
        if aspect > 1:
            width = round(width * aspect)
        else:
            height = round(height / aspect)
    return (width, height) if _exchanges_axes(_display_matrix(frame)) else (height, width)


def upright_grey(frame: av.VideoFrame, size: tuple[int, int]) -> np.ndarray:
    """Grey levels, uint8 [H, W], of a frame that is turned and mirrored as its display matrix says.

    Turns are to the nearest multiple of 90 degrees. What is transparent is over black.

    Args:
      frame: as decoded.
      size: (H, W) to which it is scaled.
    """
    matrix = _display_matrix(frame)
    height, width = size[::-1] if _exchanges_axes(matrix) else size
    image = frame.reformat(width=width, height=height, format="gray").to_ndarray()
    if _may_be_transparent(frame.format):
        rgba = frame.reformat(width=width, height=height, format="rgba").to_ndarray()
        image = np.round(image * (rgba[..., 3] / 255)).astype(np.uint8)
    return np.ascontiguousarray(_turn(image, matrix))


def _may_be_transparent(pixels: av.VideoFormat) -> bool:
    return pixels.has_palette or any(component.is_alpha for component in pixels.components)


def _display_matrix(frame: av.VideoFrame) -> np.ndarray:
    """[2, 2]: its first row says where a step to the right goes as (right, down); the other: down.

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
        image, matrix = image.T, matrix[::-1]
    if matrix[0, 0] < 0:
        image = image[:, ::-1]
    if matrix[1, 1] < 0:
        image = image[::-1]
    return image
