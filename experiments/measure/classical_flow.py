"""Classical optical flow, which sees both frames, to compare with; needs the extra `bench`."""

from types import ModuleType

import numpy as np

from experiments.console.errors import UserError

METHODS = ("farneback", "dis")


class ClassicalFlow:
    """Dense flow between two frames by OpenCV's methods, with the values of its documentation."""

    def __init__(self, method: str):
        """Prepares a method.

        Args:
          method: `farneback` (3 levels, windows of 15 pixels, 3 iterations, polynomials of 5
            pixels, sigma 1.2) or `dis` (dense inverse search, preset medium).

        Raises:
          UserError: OpenCV is not installed.
        """
        self._cv2 = opencv()
        self._method = method
        if method == "dis":
            self._dis = self._cv2.DISOpticalFlow_create(self._cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def __call__(self, previous: np.ndarray, frame: np.ndarray) -> np.ndarray:
        """Backward flow: `previous` at (x + u, y + v) gives `frame`.

        Args:
          previous: intensities in [0, 1], [H, W].
          frame: the one after it.

        Returns:
          float32 [H, W, 2], pixels.
        """
        images = [np.round(255 * image).astype(np.uint8) for image in (frame, previous)]
        if self._method == "dis":
            return self._dis.calc(*images, None)
        return self._cv2.calcOpticalFlowFarneback(*images, None, 0.5, 3, 15, 3, 5, 1.2, 0)


def opencv() -> ModuleType:
    """OpenCV's module.

    Raises:
      UserError: it is not installed.
    """
    try:
        import cv2
    except ImportError as error:
        raise UserError(
            "classical flow needs OpenCV: `.venv/bin/pip install -e '.[bench]'`"
        ) from error
    return cv2
