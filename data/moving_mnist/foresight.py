"""What the whole pixels that a digit was seen at tell of those to come.

A digit moves straight, at a known speed, and is reflected at the border, see `generator`; of its
path, whole pixels show. Where within its first pixel it began and which direction it has are open:
of all starts and directions, equally likely, those that agree with what was seen are carried on.
"""

from typing import NamedTuple

import numpy as np

NUM_ANGLES = 2048  # tried at first
NUM_STARTS = 256  # along each axis
REFINEMENT = 8  # parts of each interval between angles that is searched further
MAX_REFINEMENTS = 5
ENOUGH = 32  # angles that agree


class _Carried(NamedTuple):
    """One axis of the paths that agree with what was seen.

    Attributes:
      counts: starts that agree, by angle, [A].
      places: of these, by angle, frame to come and place, [A, n, free + 1].
      low, high: of the starts that agree; of all that were tried where none does.
    """

    counts: np.ndarray
    places: np.ndarray
    low: float
    high: float


def foresee(seen: np.ndarray, num_ahead: int, *, step: float, free: int) -> np.ndarray:
    """Probabilities of a digit's places in the frames to come.

    Args:
      seen: where its corner (x, y) was in each frame seen, int [tau, 2], pixels.
      num_ahead: frames to come, n.
      step: its speed, share of the free path a frame.
      free: the free path, pixels; corners are at 0 to `free`.

    Returns:
      float64 [n, free + 1, free + 1], by frame, x and y; those of each frame sum to 1.

    Raises:
      ValueError: no path of that speed agrees with what was seen.
    """
    reach = [(max(0.0, p / free - step), min(1.0, (p + 1) / free + step)) for p in seen[0]]
    total = NUM_ANGLES
    index = np.arange(total)
    for _ in range(MAX_REFINEMENTS):
        angles = (index + 0.5) * (2 * np.pi / total)
        ways = step * np.cos(angles), step * np.sin(angles)
        x, y = (_carried(seen[:, k], num_ahead, ways[k], reach[k], free) for k in (0, 1))
        weights = x.counts * y.counts
        if np.count_nonzero(weights) >= ENOUGH:
            break
        agreeing = index[weights > 0]
        if len(agreeing):
            index = np.unique(np.concatenate([agreeing - 1, agreeing, agreeing + 1]) % total)
            reach = [(x.low, x.high), (y.low, y.high)]
        elif total > NUM_ANGLES:  # all of them once more finely, and none
            break
        index = (index[:, None] * REFINEMENT + np.arange(REFINEMENT)).ravel()
        total *= REFINEMENT
    if not weights.any():
        raise ValueError(f"no path of {step * free:g} pixels a frame agrees with {seen.tolist()}")
    return np.einsum("anx,any->nxy", x.places, y.places) / weights.sum()


def _carried(
    seen: np.ndarray, num_ahead: int, ways: np.ndarray, reach: tuple[float, float], free: int
) -> _Carried:
    """Paths along an axis, of each of the ways a frame and of starts within reach."""
    low, high = reach
    spacing = (high - low) / NUM_STARTS
    starts = low + spacing * (np.arange(NUM_STARTS) + 0.5)
    which = np.repeat(np.arange(len(ways)), NUM_STARTS)
    begun = np.tile(starts, len(ways))
    place, way = begun, ways[which]
    for pixel in seen:
        place, way = _moved(place, way)
        agrees = (place * free).astype(int) == pixel
        place, way, which, begun = (array[agrees] for array in (place, way, which, begun))
    places = np.empty((len(ways), num_ahead, free + 1))
    for n in range(num_ahead):
        place, way = _moved(place, way)
        cell = which * (free + 1) + (place * free).astype(int)
        places[:, n] = np.bincount(cell, minlength=places[:, n].size).reshape(len(ways), -1)
    if len(begun):
        low, high = max(low, begun.min() - spacing), min(high, begun.max() + spacing)
    return _Carried(np.bincount(which, minlength=len(ways)), places, low, high)


def _moved(place: np.ndarray, way: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A frame on; stopped at the border, and sent back from it."""
    place = place + way
    inside = (place > 0) & (place < 1)
    return np.clip(place, 0, 1), np.where(inside, way, -way)
