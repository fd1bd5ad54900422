"""Flow as people read it: the colour says which way things move, its strength how far.

Flow is backward in all data (`vstm.inference.predictor.Prediction`): it says where a pixel of the
next frame comes from. Pictures show forward motion, its negative: what moves left has the colour of
left.
"""

import functools
import math

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from experiments.pictures import FLOW_SCALE
from experiments.pictures.colour_table import motion_colours

_LINES = ("px per frame", "forward motion")  # below the ruler's numbers
_TEXT_SIZES = (12, 18)  # smallest and largest, pixels
_TICK = 4  # length of the ruler's marks, pixels


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
    """A disc of all motions up to full colour, each at its offset, above a ruler of their lengths.

    Args:
      side: diameter of the disc, pixels; text is an eighth of it high, within what can be read.
      scale: see `flow_image`.

    Returns:
      uint8 [H, W, 3]; the disc is at its upper left.
    """
    offset = np.linspace(-1, 1, side)
    motion = np.stack(np.meshgrid(offset, offset), axis=-1)
    motion[np.linalg.norm(motion, axis=-1) > 1] = 0
    size = min(max(side // 8, _TEXT_SIZES[0]), _TEXT_SIZES[1])
    font = ImageFont.load_default(size=size)
    line_height = size + 3
    width = max(side, *(math.ceil(font.getlength(line)) for line in _LINES))
    height = side + 2 * _TICK + (1 + len(_LINES)) * line_height
    picture = Image.new("RGB", (width, height), "white")
    picture.paste(Image.fromarray(flow_image(-motion, scale=1)), (0, 0))
    draw = ImageDraw.Draw(picture)
    top, numbers = side + _TICK, side + 2 * _TICK
    draw.line([(side // 2, top), (side - 1, top)], fill="black")
    room = side // 4 - 4 - font.getlength(f"{scale:g}")  # of half the number in the middle
    for place, anchor in ((0.0, "ma"), (0.5, "ma"), (1.0, "ra")):
        x = round(side // 2 + place * (side - 1 - side // 2))
        draw.line([(x, top - _TICK), (x, top)], fill="black")
        text = f"{place * scale:g}"
        if place != 0.5 or font.getlength(text) / 2 < room:
            draw.text((x, numbers), text, fill="black", font=font, anchor=anchor)
    for line, text in enumerate(_LINES, start=1):
        draw.text((0, numbers + line * line_height), text, fill="black", font=font)
    return np.asarray(picture)
