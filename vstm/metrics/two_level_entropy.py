"""A cross-entropy for images that come without probabilities, such as a baseline's."""

import numpy as np


class TwoLevelEntropy:
    """Cross-entropy of an image used as a predictor of binary pixels.

    An image alone gives no probabilities. Its pixels above and below 1/2 are taken to predict the
    mean target value of each of the two groups, on the evaluated sequences themselves: the best
    that two levels can do, which favours the baseline.

    Attributes:
      binary: whether all pixels of the targets added are 0 or 1.
    """

    def __init__(self) -> None:
        self.binary = True
        self._count = np.zeros(2)
        self._sum = np.zeros(2)

    def add(self, prediction: np.ndarray, target: np.ndarray) -> None:
        """Counts more images of any one shape."""
        self.binary = self.binary and bool(((target == 0) | (target == 1)).all())
        group = (prediction > 0.5).astype(np.intp).ravel()
        self._count += np.bincount(group, minlength=2)
        self._sum += np.bincount(group, target.ravel().astype(np.float64), minlength=2)

    def value(self) -> float:
        """Nats a pixel."""
        mean = np.clip(self._sum / np.maximum(self._count, 1), 1e-12, 1 - 1e-12)
        entropy = -mean * np.log(mean) - (1 - mean) * np.log(1 - mean)
        return float((self._count * entropy).sum() / self._count.sum())
