"""Flow as people read it: the colour says which way things move, its strength how far.

Flow is backward in all data (`vstm.inference.predictor.Prediction`): it says where a pixel of the
next frame comes from. Pictures show forward motion, its negative: what moves left has the colour of
left.
"""

import functools

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from experiments.pictures import FLOW_SCALE
from experiments.pictures.colour_table import motion_colours

LEGEND_WIDTH = 116  # pixels, the least
_LINES = ("motion, forward", "edge: {:g} px/frame")
_LINE_HEIGHT = 13


def flow_image(flow: np.ndarray, scale: float = FLOW_SCALE) -> np.ndarray:
    """Motion in the colour code of Baker et al. 2011: direction is hue, length is saturation.

    Right is red, down yellow, left cyan, up violet.

    Args:
      flow: [h, w, 2], backward, image pixels per frame; NaN (unknown) becomes black. Of a forward
        flow, give the negative.
      scale: length of full colour, pixels.

    Returns:
      uint8 [h, w, 3]; white is no motion, full colour `scale` pixels, darker is beyond.
    """
    unknown = np.isnan(flow[..., 0]) | np.isnan(flow[..., 1])
    if not unknown.any():
        return motion_colours(-flow, scale)
    image = motion_colours(np.where(unknown[..., None], 0, -flow), scale)
    image[unknown] = 0
    return image


@functools.cache
def legend(side: int, scale: float) -> np.ndarray:
    """A disc of all motions up to full colour, each at its offset, and what it means.

    Args:
      side: diameter of the disc, pixels.
      scale: see `flow_image`.

    Returns:
      uint8 [side + two lines, max(side, `LEGEND_WIDTH`), 3].
    """
    offset = np.linspace(-1, 1, side)
    motion = np.stack(np.meshgrid(offset, offset), axis=-1)
    motion[np.linalg.norm(motion, axis=-1) > 1] = 0
    size = (max(side, LEGEND_WIDTH), side + len(_LINES) * _LINE_HEIGHT + 2)
    picture = Image.new("RGB", size, "white")
    picture.paste(Image.fromarray(flow_image(-motion, scale=1)), (0, 0))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=11)
    for line, text in enumerate(_LINES):
        draw.text((0, side + line * _LINE_HEIGHT), text.format(scale), fill="black", font=font)
    return np.asarray(picture)
