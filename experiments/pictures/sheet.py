"""Sheets of tiles: rows and columns of small pictures under titles, with legends beside them."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

MIN_WIDTH = 96  # of tiles, for their titles
_MARGIN = 4
_LEGEND_GAP = 12
_TITLE_SIZES = range(24, 10, -1)  # of letters, pixels; large, for TensorBoard's thumbnails
_LABEL_SIZE, _LABEL_WIDTH = 16, 112
_OUTLINE = "lightgrey"  # of tiles, which may be white


def sheet(
    rows: Sequence[Sequence[np.ndarray]],
    titles: Sequence[str],
    legends: Sequence[np.ndarray],
    *,
    labels: Sequence[str] = (),
    label_width: int = _LABEL_WIDTH,
) -> np.ndarray:
    """Tiles in rows under titles.

    Args:
      rows: the tiles of each row, uint8 [h, w, 3], all of one size.
      titles: of the columns.
      legends: uint8 [_, _, 3] each, one below the other, right of the tiles.
      labels: a text beside each row; none if empty.
      label_width: pixels that are left for it.

    Returns:
      uint8 [rows, columns, 3].
    """
    tile_height, tile_width, _ = rows[0][0].shape
    title_size = _fitting_size(titles, tile_width)
    title_font, header = ImageFont.load_default(size=title_size), title_size + 4
    start = _MARGIN + (label_width if labels else 0)
    legends_left = start + len(titles) * (tile_width + _MARGIN)
    legends_height = sum(map(len, legends)) + _LEGEND_GAP * (len(legends) - 1)
    picture = Image.new(
        "RGB",
        (
            legends_left + max(legend.shape[1] for legend in legends) + _MARGIN,
            header + max(len(rows) * (tile_height + _MARGIN), legends_height),
        ),
        "white",
    )
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=_LABEL_SIZE)
    for column, title in enumerate(titles):
        left = start + column * (tile_width + _MARGIN)
        draw.text((left, 0), title, fill="black", font=title_font)
        for row, tiles in enumerate(rows):
            place = left, header + row * (tile_height + _MARGIN)
            picture.paste(Image.fromarray(tiles[column]), place)
            draw.rectangle(_around(place, tiles[column]), outline=_OUTLINE)
    for row, label in enumerate(labels):
        place = _MARGIN, header + row * (tile_height + _MARGIN)
        draw.multiline_text(place, label, fill="black", font=font)
    top = header
    for legend in legends:
        picture.paste(Image.fromarray(legend), (legends_left, top))
        top += len(legend) + _LEGEND_GAP
    return np.asarray(picture)


def _around(place: tuple[int, int], tile: np.ndarray) -> tuple[int, int, int, int]:
    left, top = place
    return left - 1, top - 1, left + tile.shape[1], top + tile.shape[0]


def tile_size(size: tuple[int, ...], max_width: int) -> tuple[int, int]:
    """(H, W) in which frames of a size are shown: at most so wide, at least `MIN_WIDTH`."""
    height, width = size
    factor = max_width / width if width > max_width else math.ceil(MIN_WIDTH / width)
    return max(1, round(factor * height)), max(1, round(factor * width))


def nearest(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """[H, W, ...] of an image or flow [h, w, ...], of each pixel the nearest one."""
    if image.shape[:2] == size:
        return image
    rows = np.arange(size[0]) * image.shape[0] // size[0]
    columns = np.arange(size[1]) * image.shape[1] // size[1]
    return image[rows[:, None], columns]


def _fitting_size(titles: Sequence[str], width: int) -> int:
    """The largest size of letters in which each title is at most so many pixels wide."""
    for size in _TITLE_SIZES:
        if max(map(ImageFont.load_default(size=size).getlength, titles)) <= width:
            break
    return size
