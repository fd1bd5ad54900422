"""Pictures of predictions: last inputs, target, prediction and motion, with a legend."""

import io
from collections.abc import Sequence

import imgviz
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from experiments.pictures import FLOW_SCALE
from experiments.pictures.flow_colours import flow_image, legend

ZOOM = 2
_MARGIN = 4
_TITLE_SIZES = range(24, 10, -1)  # of letters, pixels; large, for TensorBoard's thumbnails
_LABEL_SIZE, _LABEL_WIDTH = 16, 112
_MAX_LEGEND = 160


def sample_picture(
    inputs: np.ndarray,
    target: np.ndarray,
    prediction: np.ndarray,
    flows: dict[str, np.ndarray],
    *,
    labels: Sequence[str] = (),
    zoom: int = ZOOM,
    flow_scale: float = FLOW_SCALE,
) -> np.ndarray:
    """One row per sequence.

    Args:
      inputs: [N, n, H, W, C], the last n input frames, in [0, 1]; C is 1, grey, or 3, RGB.
      target: [N, H, W, C], the true next frame.
      prediction: [N, H, W, C], the predicted one; clipped to [0, 1].
      flows: backward flows by title, [N, h, w, 2] in image pixels; h and w divide H and W.
      labels: a text beside each row; none if empty.
      zoom: picture pixels per frame pixel, along one side.
      flow_scale: see `flow_image`.

    Returns:
      uint8 [rows, columns, 3].
    """
    num_rows, num_inputs, height, width, _ = inputs.shape
    titles = [f"t-{num_inputs - 1 - i}" if i < num_inputs - 1 else "t" for i in range(num_inputs)]
    titles += ["t+1", "prediction", *flows]
    tile_height, tile_width = zoom * height, zoom * width
    title_size = _fitting_size(titles, tile_width)
    title_font, header = ImageFont.load_default(size=title_size), title_size + 4
    side = min(tile_height, tile_width, _MAX_LEGEND)
    colours = Image.fromarray(legend(side, flow_scale))
    start = _MARGIN + (_LABEL_WIDTH if labels else 0)
    picture = Image.new(
        "RGB",
        (
            start + len(titles) * (tile_width + _MARGIN) + colours.width + _MARGIN,
            header + max(num_rows * (tile_height + _MARGIN), colours.height),
        ),
        "white",
    )
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=_LABEL_SIZE)

    def left(column: int) -> int:
        return start + column * (tile_width + _MARGIN)

    def top(row: int) -> int:
        return header + row * (tile_height + _MARGIN)

    def paste(row: int, column: int, tile: np.ndarray) -> None:
        tile = tile.repeat(tile_height // tile.shape[0], 0).repeat(tile_width // tile.shape[1], 1)
        picture.paste(Image.fromarray(tile), (left(column), top(row)))

    for column, title in enumerate(titles):
        draw.text((left(column), 0), title, fill="black", font=title_font)
    for row, label in enumerate(labels):
        draw.multiline_text((_MARGIN, top(row)), label, fill="black", font=font)
    for row in range(num_rows):
        frames = [*inputs[row], target[row], prediction[row]]
        for column, frame in enumerate(frames):
            paste(
                row,
                column,
                imgviz.asrgb(grey(frame).squeeze(-1) if frame.shape[-1] == 1 else grey(frame)),
            )
        for column, flow in enumerate(flows.values(), start=len(frames)):
            paste(row, column, flow_image(flow[row], flow_scale))
    picture.paste(colours, (left(len(titles)), header))
    return np.asarray(picture)


def _fitting_size(titles: Sequence[str], width: int) -> int:
    """The largest size of letters in which each title is at most so many pixels wide."""
    for size in _TITLE_SIZES:
        if max(map(ImageFont.load_default(size=size).getlength, titles)) <= width:
            break
    return size


def grey(frame: np.ndarray) -> np.ndarray:
    """uint8 of intensities, those outside [0, 1] clipped."""
    return np.round(255 * np.clip(frame, 0, 1)).astype(np.uint8)


def png(picture: np.ndarray) -> bytes:
    """The picture as a PNG file's content, in full colour."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()
