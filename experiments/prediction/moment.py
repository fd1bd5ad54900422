"""A prediction with what it was made of, as pictures show it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Moment:
    """A prediction with what it was made of.

    Images are uint8 [H, W], grey, or [H, W, 3], RGB.

    Attributes:
      number: of the target in the video, from 0.
      time: when the target is shown, seconds from the video's beginning.
      inputs: the last frames, the newest last.
      target: the frame after them.
      predicted: what the target was predicted to be.
      flow: float32 [H, W, 2], backward, see `Prediction.flow`.
    """

    number: int
    time: float
    inputs: Sequence[np.ndarray]
    target: np.ndarray
    predicted: np.ndarray
    flow: np.ndarray
