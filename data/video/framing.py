"""Scales, crops and pads frames to a size."""

import numpy as np
from PIL import Image

from data.files.bounds import MAX_PIXELS
from data.video import FITS


def fit(image: np.ndarray, size: tuple[int, int], how: str) -> np.ndarray:
    """Scales a frame to another size, keeping its aspect ratio.

    Args:
      image: uint8 [H, W], or [H, W, 3].
      size: (height, width) wanted.
      how: `crop` scales to cover the size and takes the centre; `pad` scales to fit inside and
        pads with black.

    Returns:
      uint8 [height, width], or [height, width, 3].

    Raises:
      ValueError: another `how`, or a frame so narrow that its scaled side would be too long.
    """
    if how not in FITS:
        raise ValueError(f"fit {how!r}; expected one of {', '.join(FITS)}")
    given = image.shape[:2]
    ratios = [size[axis] / given[axis] for axis in (0, 1)]
    factor = max(ratios) if how == "crop" else min(ratios)
    height, width = (max(1, round(factor * side)) for side in given)
    if height * width > MAX_PIXELS:
        raise ValueError(
            f"a frame of {given[1]}x{given[0]} pixels, {width}x{height} when scaled; expected "
            f"{MAX_PIXELS} pixels at most"
        )
    scaled = scale(image, (height, width))
    if how == "crop":
        top, left = (height - size[0]) // 2, (width - size[1]) // 2
        return scaled[top : top + size[0], left : left + size[1]]
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    padded = np.zeros((*size, *image.shape[2:]), np.uint8)
    padded[top : top + height, left : left + width] = scaled
    return padded


def scale(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scales a frame uint8 [H, W] or [H, W, 3] to (height, width), bilinear with antialiasing."""
    if image.shape[:2] == size:
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
