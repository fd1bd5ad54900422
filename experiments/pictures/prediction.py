"""Pictures of a predicted video: panels of its videos, and a contact sheet."""

from collections.abc import Sequence
from dataclasses import dataclass

import imgviz
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from data.video.framing import scale
from experiments.pictures.flow_colours import flow_image, legend
from experiments.pictures.samples import grey, sample_picture
from experiments.pictures.sheet import nearest, tile_size
from vstm.inference.predictor import Prediction

MAX_PANEL_WIDTH = 400
MAX_TILE_WIDTH = 240
_LEGEND = 80  # diameter of the legend, pixels
_HEADER = 16
_MARGIN = 4


@dataclass(frozen=True)
class Moment:
    """A prediction with what it was made of.

    Attributes:
      number: of the target, from 0.
      time: when the target is shown, seconds.
      inputs: uint8 [H, W] each, the last frames, the newest last.
      target: uint8 [H, W], the frame after them.
      made: the prediction of the target.
    """

    number: int
    time: float
    inputs: Sequence[np.ndarray]
    target: np.ndarray
    made: Prediction

    @property
    def predicted_image(self) -> np.ndarray:
        """uint8 [H, W]."""
        return grey(self.made.frame)


def flow_panel(flow: np.ndarray, flow_scale: float) -> np.ndarray:
    """Motion in colours beside their legend, uint8 [max(H, legend), W + legend, 3]."""
    return _beside_legend([flow_image(flow, flow_scale)], flow_scale)


def side_by_side(moment: Moment, flow_scale: float, motion_threshold: float) -> np.ndarray:
    """Input, next frame, prediction, motion and moving pixels under their titles, with legend."""
    flow = moment.made.flow
    moving = np.linalg.norm(flow, axis=-1) > motion_threshold
    panels = {
        "input": imgviz.asrgb(moment.inputs[-1]),
        "next frame": imgviz.asrgb(moment.target),
        "prediction": imgviz.asrgb(moment.predicted_image),
        "motion": flow_image(flow, flow_scale),
        f"motion > {motion_threshold:g} px": imgviz.asrgb(grey(moving)),
    }
    height, width = tile_size(moment.target.shape, MAX_PANEL_WIDTH)
    shown = [
        np.asarray(Image.fromarray(panel).resize((width, height))) for panel in panels.values()
    ]
    row = _beside_legend(shown, flow_scale)
    canvas = Image.new("RGB", (row.shape[1], _HEADER + row.shape[0]), "white")
    canvas.paste(Image.fromarray(row), (0, _HEADER))
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(size=12)
    for column, title in enumerate(panels):
        draw.text((column * (width + _MARGIN) + 2, 0), title, fill="black", font=font)
    return np.asarray(canvas)


def contact_sheet(moments: Sequence[Moment], flow_scale: float) -> np.ndarray:
    """A row a moment: its number and time, last inputs, next frame, prediction, motion.

    Source: Figure 7.
    """
    size = tile_size(moments[0].target.shape, MAX_TILE_WIDTH)
    num_inputs = max(len(moment.inputs) for moment in moments)

    def real(image: np.ndarray) -> np.ndarray:
        return scale(image, size)[..., None].astype(np.float32) / 255

    return sample_picture(
        np.stack(
            [
                np.stack([real(image) for image in _filled(moment.inputs, num_inputs)])
                for moment in moments
            ]
        ),
        np.stack([real(moment.target) for moment in moments]),
        np.stack([real(moment.predicted_image) for moment in moments]),
        {"motion": np.stack([nearest(moment.made.flow, size) for moment in moments])},
        labels=[f"frame {moment.number}\n{moment.time:.2f} s" for moment in moments],
        zoom=1,
        flow_scale=flow_scale,
    )


def _filled(inputs: Sequence[np.ndarray], count: int) -> list[np.ndarray]:
    """White frames before the first one, where there were fewer."""
    return [np.full_like(inputs[0], 255)] * (count - len(inputs)) + list(inputs)


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
