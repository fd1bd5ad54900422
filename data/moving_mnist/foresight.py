"""What the whole pixels that a digit was seen at tell of those to come.

A digit moves straight, at a known speed, and is reflected at the border, see `generator`; of its
path, whole pixels show. Where within its first pixel it began and which direction it has are open:
of all starts and directions, equally likely, those that agree with what was seen are carried on.
Positions and velocities are shares of the free path, as the generator's.

Source: the project's own; the rules of motion are the reference generator's.
"""

from typing import NamedTuple

import numpy as np

NUM_ANGLES = 2048  # tried at first
NUM_STARTS = 64  # along each axis in each pixel of the free path, at first
REFINEMENT = 8  # times as many of both in a further search, near those that agreed
MAX_REFINEMENTS = 3
MIN_ANGLES = 200  # that agree, for no further search


class _AxisPaths(NamedTuple):
    """Along one axis, the N paths that agree with what was seen, as they are in its last frame.

    Attributes:
      position, velocity: float64 [N].
      angle: index of the velocity that each path began with, int [N].
      counts: how many paths each of A velocities has, int [A].
    """

    position: np.ndarray
    velocity: np.ndarray
    angle: np.ndarray
    counts: np.ndarray


def foresee(seen: np.ndarray, num_ahead: int, *, step: float, free: int) -> np.ndarray:
    """Probabilities of a digit's places in the frames to come.

    Args:
      seen: where its corner (x, y) was in each frame seen, int [tau, 2], 0 to `free`, pixels.
      num_ahead: frames to come, n.
      step: its speed a frame, in (0, 0.5].
      free: the free path, pixels.

    Returns:
      float64 [n, free + 1, free + 1], by frame, x and y; those of each frame sum to 1.

    Raises:
      ValueError: no path of that speed was found that agrees with what was seen.
    """
    num_angles, num_starts = NUM_ANGLES, NUM_STARTS
    index = np.arange(num_angles)
    for _ in range(MAX_REFINEMENTS + 1):
        angles = (index + 0.5) * (2 * np.pi / num_angles)
        x = _agreeing(seen[:, 0], step * np.cos(angles), free, num_starts)
        agree = x.counts > 0
        y = _agreeing(seen[:, 1], step * np.sin(angles[agree]), free, num_starts)
        weights = x.counts[agree] * y.counts
        if np.count_nonzero(weights) >= MIN_ANGLES:
            break
        if weights.any():
            agreeing = index[agree][weights > 0]
            index = np.unique(np.concatenate([agreeing - 1, agreeing, agreeing + 1]) % num_angles)
            num_starts = NUM_STARTS * REFINEMENT
        elif num_angles > NUM_ANGLES:  # all of them once more finely, and none
            break
        index = (index[:, None] * REFINEMENT + np.arange(REFINEMENT)).ravel()
        num_angles *= REFINEMENT
    if not weights.any():
        raise ValueError(
            f"no path of {step * free:g} pixels a frame was found that shows at {seen.tolist()}"
        )
    places_x, places_y = (_places(paths, num_ahead, free) for paths in (x, y))
    return np.einsum("anx,any->nxy", places_x[agree], places_y) / weights.sum()


def _agreeing(seen: np.ndarray, velocities: np.ndarray, free: int, num_starts: int) -> _AxisPaths:
    """Those of [A] velocities that show at pixels seen [tau], of so many starts in a pixel."""
    first, fastest = seen[0] / free, np.abs(velocities).max(initial=0)
    if 0 < seen[0] < free:
        low, num_pixels = first - velocities, 1
    else:  # it may have met the border, from whichever side
        low, num_pixels = np.full_like(velocities, first - fastest), 1 + int(2 * fastest * free + 1)
    offsets = (np.arange(num_starts * num_pixels) + 0.5) / (num_starts * free)
    position = (low[:, None] + offsets).ravel()
    index = np.repeat(np.arange(len(velocities)), len(offsets))
    possible = (position >= 0) & (position < 1)
    position, index = position[possible], index[possible]
    velocity = velocities[index]
    for pixel in seen:
        position, velocity = _moved(position, velocity)
        agrees = (position * free).astype(int) == pixel
        position, velocity, index = position[agrees], velocity[agrees], index[agrees]
    return _AxisPaths(position, velocity, index, np.bincount(index, minlength=len(velocities)))


def _places(paths: _AxisPaths, num_ahead: int, free: int) -> np.ndarray:
    """How many paths come to a pixel, by velocity, frame to come and pixel: [A, n, free + 1]."""
    position, velocity, index, counts = paths
    places = np.empty((len(counts), num_ahead, free + 1))
    for n in range(num_ahead):
        position, velocity = _moved(position, velocity)
        cell = index * (free + 1) + (position * free).astype(int)
        places[:, n] = np.bincount(cell, minlength=places[:, n].size).reshape(-1, free + 1)
    return places


def _moved(position: np.ndarray, velocity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A frame on; stopped at the border, and sent back from it."""
    position = position + velocity
    inside = (position > 0) & (position < 1)
    return np.clip(position, 0, 1), np.where(inside, velocity, -velocity)
