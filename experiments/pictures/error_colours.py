"""Absolute errors of predicted frames as people read them: white is none, black is much."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

LEGEND_WIDTH = 140  # pixels
_BAR = 16  # height, pixels
_LINE_HEIGHT = 13


def error_image(prediction: np.ndarray, target: np.ndarray, scale: float) -> np.ndarray:
    """Absolute differences of a prediction, clipped to [0, 1], from the target.

    Args:
      prediction: [h, w].
      target: [h, w], in [0, 1].
      scale: difference from which on all is black.

    Returns:
      uint8 [h, w, 3].
    """
    error = np.abs(np.clip(prediction, 0, 1) - target)
    grey = np.round(255 * (1 - np.clip(error / scale, 0, 1))).astype(np.uint8)
    return grey[..., None].repeat(3, axis=-1)


def error_legend(scale: float) -> np.ndarray:
    """The shades from no error to the scale, and what they mean; uint8 [_, `LEGEND_WIDTH`, 3]."""
    lines = ("absolute error", f"white: 0, black: {scale:g}")
    picture = Image.new("RGB", (LEGEND_WIDTH, _BAR + len(lines) * _LINE_HEIGHT + 4), "white")
    shades = np.broadcast_to(np.linspace(0, 1, LEGEND_WIDTH), (_BAR, LEGEND_WIDTH))
    picture.paste(Image.fromarray(error_image(shades, np.zeros_like(shades), 1.0)), (0, 0))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=11)
    draw.rectangle((0, 0, LEGEND_WIDTH - 1, _BAR - 1), outline="black")
    for line, text in enumerate(lines):
        draw.text((0, _BAR + 2 + line * _LINE_HEIGHT), text, fill="black", font=font)
    return np.asarray(picture)
