"""Pictures of a moment in a predicted video: motion, and all beside each other."""

import functools
from collections.abc import Sequence

import imgviz
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from data.video.framing import scale
from experiments.pictures.flow_colours import flow_image, legend
from experiments.pictures.sheet import nearest, tile_size
from experiments.prediction.moment import Moment

MAX_PANEL_WIDTH = 320  # so that five and the legend fit a screen of 1920 pixels
_LEGEND = 80  # diameter of the legend, pixels
_HEADER = 16
_MARGIN = 4


def flow_panel(flow: np.ndarray, flow_scale: float) -> np.ndarray:
    """Motion in colours beside their legend, uint8 [max(H, legend), W + legend, 3]."""
    return _beside_legend([flow_image(flow, flow_scale)], flow_scale)


def side_by_side(moment: Moment, flow_scale: float, motion_threshold: float) -> np.ndarray:
    """Input, next frame, prediction, motion and moving pixels under their titles, with legend."""
    size = tile_size(moment.target.shape[:2], MAX_PANEL_WIDTH)
    flow = nearest(moment.flow, size)
    moving = np.square(flow[..., 0]) + np.square(flow[..., 1]) > motion_threshold**2
    images = (moment.inputs[-1], moment.target, moment.predicted)
    panels = [
        *(rgb(scale(image, size)) for image in images),
        flow_image(flow, flow_scale),
        rgb(255 * moving.astype(np.uint8)),
    ]
    row = _beside_legend(panels, flow_scale)
    titles = ("input", "next frame", "prediction", "motion", f"motion > {motion_threshold:g} px")
    return np.concatenate([_header(titles, size[1], row.shape[1]), row])


@functools.cache
def _header(titles: tuple[str, ...], panel_width: int, width: int) -> np.ndarray:
    canvas = Image.new("RGB", (width, _HEADER), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(size=12)
    for column, title in enumerate(titles):
        draw.text((column * (panel_width + _MARGIN) + 2, 0), title, fill="black", font=font)
    return np.asarray(canvas)


def rgb(image: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3] of an image in grey or colour."""
    return imgviz.asrgb(image)


def _beside_legend(panels: Sequence[np.ndarray], flow_scale: float) -> np.ndarray:
    """Panels uint8 [H, W, 3] in a row, and the legend, on white."""
    height, width, _ = panels[0].shape
    colours = legend(_LEGEND, flow_scale)
    columns = [*panels, colours]
    canvas = np.full(
        (max(height, len(colours)), len(panels) * (width + _MARGIN) + colours.shape[1], 3),
        255,
        np.uint8,
    )
    for column, panel in enumerate(columns):
        left = column * (width + _MARGIN)
        canvas[: panel.shape[0], left : left + panel.shape[1]] = panel
    return canvas
