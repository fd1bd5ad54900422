"""Scales, crops and pads frames to a size."""

import numpy as np
from PIL import Image

from data.video import FITS


def fit(image: np.ndarray, size: tuple[int, int], how: str) -> np.ndarray:
    """Scales a frame to another size, keeping its aspect ratio.

    Args:
      image: uint8 [H, W].
      size: (height, width) wanted.
      how: `crop` scales to cover the size and takes the centre; `pad` scales to fit inside and
        pads with black.

    Returns:
      uint8 [height, width].

    Raises:
      ValueError: another `how`.
    """
    if how not in FITS:
        raise ValueError(f"fit {how!r}; expected one of {', '.join(FITS)}")
    ratios = [wanted / given for wanted, given in zip(size, image.shape, strict=True)]
    factor = max(ratios) if how == "crop" else min(ratios)
    height, width = (max(1, round(factor * side)) for side in image.shape)
    scaled = scale(image, (height, width))
    if how == "crop":
        return centre(scaled, size)
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    padded = np.zeros(size, np.uint8)
    padded[top : top + height, left : left + width] = scaled
    return padded


def scale(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scales a frame uint8 [H, W] to (height, width), bilinear with antialiasing."""
    if image.shape == size:
        return image
    height, width = size
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))


def centre(frames: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Central crop [..., height, width] of frames [..., H, W]."""
    height, width = size
    top, left = (frames.shape[-2] - height) // 2, (frames.shape[-1] - width) // 2
    return frames[..., top : top + height, left : left + width]


def centre_square(frames: np.ndarray, side: int) -> np.ndarray:
    """Largest central square of frames uint8 [T, H, W], scaled to [T, side, side]."""
    full = min(frames.shape[1:])
    return np.stack([scale(frame, (side, side)) for frame in centre(frames, (full, full))])
