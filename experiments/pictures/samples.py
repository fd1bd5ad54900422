"""Pictures of predictions: last inputs, target, prediction and flow, with a legend."""

import functools
import io

import imgviz
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from experiments.pictures import FLOW_SCALE

ZOOM = 2
_MARGIN = 4
_HEADER = 14
_WHITE = (255, 255, 255)


def flow_image(flow: np.ndarray, scale: float = FLOW_SCALE) -> np.ndarray:
    """Flow in the colour code of Baker et al. 2011: direction is hue, length is saturation.

    Args:
      flow: [h, w, 2], image pixels a frame; NaN (unknown) becomes black.
      scale: length of full colour, pixels.

    Returns:
      uint8 [h, w, 3]; white is no motion, full colour `scale` pixels, darker is beyond.
    """
    unknown = np.isnan(flow).any(axis=-1)
    image = imgviz.flow2rgb(np.where(unknown[..., None], 0, flow), max_norm=scale)
    image[unknown] = 0
    return image


@functools.cache
def legend(size: int) -> np.ndarray:
    """Disc of all flows up to full colour: the flow at each point is its offset; uint8 RGB."""
    offset = np.linspace(-1, 1, size)
    disc = np.stack(np.meshgrid(offset, offset), axis=-1)
    disc[np.linalg.norm(disc, axis=-1) > 1] = 0
    return flow_image(disc, scale=1)


def sample_picture(
    inputs: np.ndarray,
    target: np.ndarray,
    prediction: np.ndarray,
    flows: dict[str, np.ndarray],
    *,
    zoom: int = ZOOM,
    flow_scale: float = FLOW_SCALE,
) -> np.ndarray:
    """A row a sequence.

    Args:
      inputs: [N, n, H, W, 1], the last n input frames, in [0, 1].
      target: [N, H, W, 1], the true next frame.
      prediction: [N, H, W, 1], the predicted one; clipped to [0, 1].
      flows: flows by title, [N, h, w, 2] in image pixels; h and w divide H and W.
      zoom: picture pixels a frame pixel, along one side.
      flow_scale: see `flow_image`.

    Returns:
      uint8 [rows, columns, 3].
    """
    num_rows, num_inputs, height, width, _ = inputs.shape
    titles = [f"t-{num_inputs - 1 - i}" if i < num_inputs - 1 else "t" for i in range(num_inputs)]
    titles += ["t+1", "prediction", *flows]
    tile_height, tile_width = zoom * height, zoom * width
    columns = len(titles) + 1
    picture = Image.new(
        "RGB",
        (columns * (tile_width + _MARGIN) + _MARGIN, num_rows * (tile_height + _MARGIN) + _HEADER),
        _WHITE,
    )
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=11)

    def left(column: int) -> int:
        return _MARGIN + column * (tile_width + _MARGIN)

    def paste(row: int, column: int, tile: np.ndarray) -> None:
        tile = tile.repeat(tile_height // tile.shape[0], 0).repeat(tile_width // tile.shape[1], 1)
        top = _HEADER + row * (tile_height + _MARGIN)
        picture.paste(Image.fromarray(tile), (left(column), top))

    for column, title in enumerate(titles):
        draw.text((left(column), 0), title, fill="black", font=font)
    for row in range(num_rows):
        frames = [*inputs[row], target[row], prediction[row]]
        for column, frame in enumerate(frames):
            paste(row, column, imgviz.asrgb(grey(frame[..., 0])))
        for column, flow in enumerate(flows.values(), start=len(frames)):
            paste(row, column, flow_image(flow[row], flow_scale))
    draw.text((left(columns - 1), 0), f"{flow_scale:g} px, x right", fill="black", font=font)
    side = zoom * min(height, width)
    picture.paste(Image.fromarray(legend(side)), (left(columns - 1), _HEADER))
    return np.asarray(picture)


def grey(frame: np.ndarray) -> np.ndarray:
    """uint8 of intensities, those outside [0, 1] clipped."""
    return np.round(255 * np.clip(frame, 0, 1)).astype(np.uint8)


def png(picture: np.ndarray) -> bytes:
    """The picture as a PNG file's content."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()
