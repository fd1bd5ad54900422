"""A frame as a person sees it and as the model does."""

from typing import NamedTuple

import numpy as np


class Picture(NamedTuple):
    """One frame.

    Attributes:
      grey: uint8 [H, W].
      colour: the same in RGB, uint8 [H, W, 3]; None where the frame is stored in grey.
    """

    grey: np.ndarray
    colour: np.ndarray | None
