"""Random square crops of several frames, some of which pan, with a preference for what moves."""

import numpy as np
from PIL import Image

_CANDIDATES = 4
_HALF_CHANGE = 2.0  # grey levels; a square that changes so much has half the greatest weight
_SAMPLED_EVERY = 4  # pixels across and down; the changes of these are looked at


def random_square(
    frames: np.ndarray,
    side: int,
    rng: np.random.Generator,
    *,
    scales: tuple[float, float] = (1.0, 0.0),
    max_pan: float = 0.0,
    pan_share: float = 1.0,
    still_share: float = 1.0,
) -> np.ndarray:
    """Random square crop of frames uint8 [T, H, W], scaled to [T, side, side].

    Its scale, frame pixels per pixel of the result, is drawn log-uniformly, its place uniformly. It
    pans: it moves in a random direction at a speed drawn uniformly from [0, max_pan], in pixels of
    the result a frame, slower where the frames have no room. It moves by fractions of a pixel;
    pixels are bilinear with antialiasing.

    With a preference for what moves, four places are drawn, and one of them with a probability
    proportional to d^2 / (d^2 + 2^2), where d is the mean absolute change of its pixels from frame
    to frame, in grey levels: flashes and strong noise, which all places have, don't decide.

    Args:
      frames: at any size; smaller ones than the square are enlarged.
      side: of the result.
      rng: the only source of randomness.
      scales: the smallest and the largest; 0 for the largest means the frames' whole shorter side,
        which bounds both.
      max_pan: top speed.
      pan_share: share of squares that pan.
      still_share: share of squares that are drawn without preference for what moves.
    """
    num_frames, height, width = frames.shape
    shortest = min(height, width)
    smallest, largest = (min(scale * side, shortest) for scale in scales)
    largest = largest or shortest
    crop = min(np.exp(rng.uniform(np.log(smallest), np.log(largest))), shortest)
    room = np.array([width, height]) - crop
    angle, speed = rng.uniform(0, 2 * np.pi), rng.uniform(0, max_pan)
    if pan_share < 1 and rng.random() >= pan_share:
        speed = 0.0
    way = (num_frames - 1) * speed * crop / side * np.array([np.cos(angle), np.sin(angle)])
    way = np.clip(way, -room, room)
    prefers = still_share < 1 and rng.random() >= still_share
    low, high = np.maximum(0, -way), room - np.maximum(0, way)
    starts = rng.uniform(low, high, (_CANDIDATES if prefers else 1, 2))
    start = starts[_moving(frames, starts + way / 2, crop, rng) if prefers else 0]
    corners = start + np.linspace(0, 1, num_frames)[:, None] * way
    squares = []
    for frame, (left, top) in zip(frames, corners, strict=True):
        box = (left, top, min(left + crop, width), min(top + crop, height))
        image = Image.fromarray(frame)
        squares.append(np.asarray(image.resize((side, side), Image.Resampling.BILINEAR, box=box)))
    return np.stack(squares)


def _moving(frames: np.ndarray, corners: np.ndarray, crop: float, rng: np.random.Generator) -> int:
    """Draws one of the squares with those corners (x, y), by how much it changes."""
    sampled = frames[:, ::_SAMPLED_EVERY, ::_SAMPLED_EVERY].astype(np.int16)
    change = np.abs(np.diff(sampled, axis=0)).mean(axis=0)
    first = (corners / _SAMPLED_EVERY).astype(int)
    last = np.ceil((corners + crop) / _SAMPLED_EVERY).astype(int)
    changes = np.array(
        [
            change[top:bottom, left:right].mean()
            for (left, top), (right, bottom) in zip(first, last, strict=True)
        ]
    )
    weights = changes**2 / (changes**2 + _HALF_CHANGE**2)
    weights += 1e-6  # all the same where nothing moves
    return int(rng.choice(len(corners), p=weights / weights.sum()))
