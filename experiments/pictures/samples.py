"""Pictures of predictions: last inputs, target, prediction and motion, with a legend."""

import io
from collections.abc import Sequence

import imgviz
import numpy as np
from PIL import Image

from experiments.pictures import FLOW_SCALE
from experiments.pictures.flow_colours import flow_image, legend
from experiments.pictures.sheet import nearest, sheet

ZOOM = 2
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
    size = zoom * height, zoom * width

    def tiles(row: int) -> list[np.ndarray]:
        frames = [*inputs[row], target[row], prediction[row]]
        return [
            *(imgviz.asrgb(grey(f).squeeze(-1) if f.shape[-1] == 1 else grey(f)) for f in frames),
            *(flow_image(flow[row], flow_scale) for flow in flows.values()),
        ]

    rows = [[nearest(tile, size) for tile in tiles(row)] for row in range(num_rows)]
    colours = legend(min(*size, _MAX_LEGEND), flow_scale)
    return sheet(rows, titles, [colours], labels=labels)


def grey(frame: np.ndarray) -> np.ndarray:
    """uint8 of intensities, those outside [0, 1] clipped."""
    return np.round(255 * np.clip(frame, 0, 1)).astype(np.uint8)


def png(picture: np.ndarray) -> bytes:
    """The picture as a PNG file's content, in full colour."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()
