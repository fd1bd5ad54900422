"""Pictures of a predicted video: panels of its videos, and a contact sheet."""

from collections.abc import Sequence
from dataclasses import dataclass

import imgviz
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from data.framing import scale
from experiments.pictures.samples import flow_image, grey, legend, sample_picture
from vstm.video_predictor import Prediction

MAX_PANEL_WIDTH = 400
MAX_TILE_WIDTH = 240
_LEGEND = 72  # side of the legend, pixels
_HEADER = 16
_MARGIN = 4
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True)
class Moment:
    """A prediction with what it was made of.

    Attributes:
      inputs: uint8 [H, W] each, the last frames, the newest last.
      target: uint8 [H, W], the frame after them.
      made: the prediction of the target.
    """

    inputs: Sequence[np.ndarray]
    target: np.ndarray
    made: Prediction

    @property
    def predicted_image(self) -> np.ndarray:
        """uint8 [H, W]."""
        return grey(self.made.frame)


def flow_panel(flow: np.ndarray, flow_scale: float) -> np.ndarray:
    """Flow in colours beside their legend, uint8 [max(H, legend), W + legend, 3]."""
    height, width, _ = flow.shape
    rows = max(height, _LEGEND + _HEADER)
    canvas = Image.new("RGB", (width + _MARGIN + _LEGEND, rows), _WHITE)
    canvas.paste(Image.fromarray(flow_image(flow, flow_scale)), (0, 0))
    _paste_legend(canvas, width + _MARGIN, 0, flow_scale)
    return np.asarray(canvas)


def side_by_side(moment: Moment, flow_scale: float, motion_threshold: float) -> np.ndarray:
    """Input, next frame, prediction, flow and moving pixels under their titles, with the legend."""
    flow = moment.made.flow
    moving = np.linalg.norm(flow, axis=-1) > motion_threshold
    panels = {
        "input": imgviz.asrgb(moment.inputs[-1]),
        "next frame": imgviz.asrgb(moment.target),
        "prediction": imgviz.asrgb(moment.predicted_image),
        "flow": flow_image(flow, flow_scale),
        f"|flow| > {motion_threshold:g} px": imgviz.asrgb(grey(moving)),
    }
    height, width = _reduced(moment.target.shape, MAX_PANEL_WIDTH)
    font = ImageFont.load_default(size=12)
    canvas = Image.new(
        "RGB",
        (
            len(panels) * (width + _MARGIN) + _LEGEND,
            _HEADER + max(height, _LEGEND + _HEADER),
        ),
        _WHITE,
    )
    draw = ImageDraw.Draw(canvas)
    for column, (title, panel) in enumerate(panels.items()):
        left = column * (width + _MARGIN)
        draw.text((left + 2, 0), title, fill=_BLACK, font=font)
        canvas.paste(Image.fromarray(panel).resize((width, height)), (left, _HEADER))
    _paste_legend(canvas, len(panels) * (width + _MARGIN), _HEADER, flow_scale)
    return np.asarray(canvas)


def contact_sheet(moments: Sequence[Moment], flow_scale: float) -> np.ndarray:
    """A row a moment: last inputs, next frame, prediction, flow. Source: Figure 7."""
    size = _reduced(moments[0].target.shape, MAX_TILE_WIDTH)
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
        {"flow": np.stack([_nearest(moment.made.flow, size) for moment in moments])},
        zoom=1,
        flow_scale=flow_scale,
    )


def _filled(inputs: Sequence[np.ndarray], count: int) -> list[np.ndarray]:
    """White frames before the first one, where there were fewer."""
    return [np.full_like(inputs[0], 255)] * (count - len(inputs)) + list(inputs)


def _reduced(size: tuple[int, ...], max_width: int) -> tuple[int, int]:
    height, width = size
    factor = min(1.0, max_width / width)
    return max(1, round(factor * height)), max(1, round(factor * width))


def _nearest(flow: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    rows = np.arange(size[0]) * flow.shape[0] // size[0]
    columns = np.arange(size[1]) * flow.shape[1] // size[1]
    return flow[rows[:, None], columns]


def _paste_legend(canvas: Image.Image, left: int, top: int, flow_scale: float) -> None:
    canvas.paste(Image.fromarray(legend(_LEGEND)), (left, top))
    draw = ImageDraw.Draw(canvas)
    text = f"{flow_scale:g} px, x right"
    draw.text((left, top + _LEGEND), text, fill=_BLACK, font=ImageFont.load_default(size=10))
