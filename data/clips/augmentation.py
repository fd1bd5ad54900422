"""Training sequences from windows of prepared clips: squares of random place and size, and more."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from data.clips.data_set import VideoOptions
from data.clips.windows import intensities
from data.video.framing import centre_square
from data.video.random_square import random_square

_CONTRASTS = (0.5, 1.3)
_MAX_SHIFT = 0.1  # of the mean intensity


@dataclass(frozen=True)
class Augmentation:
    """Makes training sequences, float32 [length, side, side, 1] in [0, 1], of windows.

    Attributes:
      side: of the square, pixels.
      options: which of the changes named there are made.
    """

    side: int
    options: VideoOptions

    def __call__(self, item: Mapping[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
        frames, options = item["frames"], self.options
        if options.random_crops:
            frames = random_square(
                frames,
                self.side,
                rng,
                scales=(options.min_scale, options.max_scale),
                max_pan=options.max_pan,
                pan_share=options.pan_share,
                still_share=options.still_share,
            )
        else:
            frames = centre_square(frames, self.side)
        if options.random_flips and rng.random() < 0.5:
            frames = frames[:, :, ::-1]
        if options.random_reversals and rng.random() < 0.5:
            frames = frames[::-1]
        sequence = intensities(frames)
        return random_contrast(sequence, rng) if options.random_contrast else sequence


def random_contrast(sequence: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Another contrast and brightness for a whole sequence, float32 in [0, 1].

    x -> m + c (x - m) + s, clipped to [0, 1], where m is the sequence's mean, c is drawn uniformly
    from [0.5, 1.3] and s from [-0.1, 0.1].
    """
    mean = sequence.mean()
    contrast, shift = rng.uniform(*_CONTRASTS), rng.uniform(-_MAX_SHIFT, _MAX_SHIFT)
    changed = np.float32(mean + shift) + np.float32(contrast) * (sequence - mean)
    return np.clip(changed, 0, 1)
