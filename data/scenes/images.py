"""Images of a folder, of which scenes take their textures."""

from pathlib import Path

import numpy as np

from data.sequences import SPLITS
from data.video.framing import fit
from data.video.images import IMAGE_SUFFIXES, ImageFile, images_in

_MOST = 2_000  # images that are kept in memory
_CYCLE = 10  # of so many images, the last two are for validation and test


def read_images(folder: Path, split: str, side: int) -> np.ndarray:
    """The images of one split; no image is of two.

    Args:
      folder: has image files, of any sizes.
      split: `train` takes eight of ten images, `validation` and `test` one each.
      side: pixels.

    Returns:
      uint8 [N, side, side], their central squares, grey; of more than 2,000, evenly spaced ones.

    Raises:
      OSError: the folder cannot be read.
      ValueError: it has too few images, or one cannot be read; the message names it.
    """
    paths = images_in(folder)
    if len(paths) < _CYCLE:
        raise ValueError(
            f"{folder}: expected {_CYCLE} images or more ({', '.join(IMAGE_SUFFIXES)}), "
            f"found {len(paths)}"
        )
    first_held_out = _CYCLE - len(SPLITS) + 1
    chosen = [
        path
        for i, path in enumerate(paths)
        if SPLITS[max(0, i % _CYCLE - first_held_out + 1)] == split
    ]
    spaced = np.linspace(0, len(chosen) - 1, min(_MOST, len(chosen))).round().astype(int)
    return np.stack([fit(ImageFile(chosen[i])[0], (side, side), "crop") for i in spaced])
