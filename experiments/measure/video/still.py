"""Pixels that stand still in three successive frames of real video."""

import numpy as np

SIGMA = 2.0  # pixels, of the Gaussian that averages changes, so that noise doesn't count
MAX_CHANGE = 1 / 255  # of intensities, averaged so
MAX_FLOW = 0.1  # pixels, of the reference
MARGIN = 2  # pixels around that stand still too


def still_pixels(
    previous: np.ndarray, last: np.ndarray, target: np.ndarray, reference: np.ndarray
) -> np.ndarray:
    """Where nothing moves, as far as the frames tell.

    A pixel stands still if around it neither last - previous nor target - last change by more than
    `MAX_CHANGE` in the mean of their absolute values, weighted by a Gaussian of `SIGMA`, and the
    reference flow is shorter than `MAX_FLOW`; and if all pixels up to `MARGIN` rows and columns
    away do.

    Args:
      previous: [H, W], in [0, 1].
      last: the frame after it.
      target: the frame after that.
      reference: [H, W, 2], flow from the last frame to the target, pixels.

    Returns:
      bool [H, W].

    Source: choice.
    """
    still = np.linalg.norm(reference, axis=-1) < MAX_FLOW
    for before, after in ((previous, last), (last, target)):
        still &= smoothed(np.abs(after - before)) < MAX_CHANGE
    padded = np.pad(still, MARGIN, constant_values=True)
    window = (2 * MARGIN + 1,) * 2
    windows = np.lib.stride_tricks.sliding_window_view(padded, window)
    return np.asarray(windows.all(axis=(-2, -1)))


def smoothed(image: np.ndarray) -> np.ndarray:
    """An image [H, W] averaged by a Gaussian of `SIGMA` up to 3 sigma, its border repeated."""
    radius = round(3 * SIGMA)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / SIGMA) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        padded = np.pad(image, [(radius, radius) if a == axis else (0, 0) for a in (0, 1)], "edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, len(weights), axis=axis)
        image = windows @ weights
    return image
