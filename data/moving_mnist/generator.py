"""Moving MNIST, generated on demand, with ground truth.

Digits move on straight lines inside a square and are reflected at its border; where they overlap,
the brighter pixel shows. Item i of a split is always the same sequence: its random numbers come
from a generator seeded with (seed, split, i).

Source: Srivastava, Mansimov, Salakhutdinov 2015, and their reference generator.
"""

from typing import TypedDict

import numpy as np

from data.moving_mnist.data_set import PIXELS, MovingMNISTOptions, check
from data.moving_mnist.digits import DIGIT_SIZE, Digits
from data.ranges import check_choice
from data.sequences import SPLITS, SequenceOptions

BINARY_THRESHOLD = 0.5


class MovingMNISTItem(TypedDict):
    """One sequence of T frames of H x W pixels with n digits.

    frames: float32 [T, H, W, 1] in [0, 1].
    labels: uint8 [n], classes of the digits.
    positions: int16 [T, n, 2], (x, y) of each digit's upper left corner.
    object_mask: uint8 [T, H, W], 0 = background, k = the k-th digit (from 1) shows here. Of
      equally bright digits the later one shows; a line shows in front of everything.
    flow: float32 [T - 1, H, W, 2], backward flow of each next frame in image pixels: frame t
      sampled at (x + u, y + v) gives frame t + 1. A digit's pixels carry its motion. Background is
      static; where a digit has just uncovered it, it carries a motion that leads back to
      background: that digit's, if possible.
    """

    frames: np.ndarray
    labels: np.ndarray
    positions: np.ndarray
    object_mask: np.ndarray
    flow: np.ndarray


class MovingMNISTDraws(TypedDict, total=False):
    """What is drawn of a sequence, from which its frames follow.

    chosen: int32 [n], which images the digits have.
    positions: int16 [T, n, 2], see `MovingMNISTItem`.
    lines: int32 [2], column and row; only with the option `lines`.
    """

    chosen: np.ndarray
    positions: np.ndarray
    lines: np.ndarray


class MovingMNIST:
    """Random access to the sequences of one split.

    `source[i]` is a dictionary with `frames` and `labels`, which is what training reads;
    `source.with_ground_truth(i)` adds the rest of `MovingMNISTItem`. `source.draws(i)` is what both
    are made of.

    Attributes:
      images: float32 [N, 28, 28] in [0, 1], the digits as they show in frames.
    """

    def __init__(
        self,
        digits: Digits,
        split: str,
        sequences: SequenceOptions,
        options: MovingMNISTOptions,
    ):
        """Prepares the source; nothing is generated yet.

        Args:
          digits: the digits of this split.
          split: `train`, `validation` or `test`; splits draw different random numbers.
          sequences: their size, length and number.
          options: how digits move; of `pixels`, `binary` is 1 where a digit's intensity is above
            0.5, `float` as it is. Where the digits are from isn't read.

        Raises:
          ValueError: unknown split, frames no larger than a digit, or undecided pixels.
        """
        self._num_sequences = sequences.num_sequences(split)
        check(options, sequences)
        check_choice("pixels", options.pixels, PIXELS)
        self._sequences, self._options = sequences, options
        images = digits.images.astype(np.float32) / 255
        if options.pixels == "binary":
            images = (images > BINARY_THRESHOLD).astype(np.float32)
        self.images = images
        self._labels = digits.labels
        self._seed = (options.seed, SPLITS.index(split))

    def __len__(self) -> int:
        return self._num_sequences

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        draws = self.draws(index)
        return {
            "frames": self._layers(draws).max(axis=1)[..., None],
            "labels": self._labels[draws["chosen"]],
        }

    def with_ground_truth(self, index: int) -> MovingMNISTItem:
        """Sequence `index` with its ground truth."""
        draws = self.draws(index)
        layers, positions = self._layers(draws), draws["positions"]
        frames = layers.max(axis=1)
        object_mask = _front_digit(layers)
        return {
            "frames": frames[..., None],
            "labels": self._labels[draws["chosen"]],
            "positions": positions,
            "object_mask": object_mask,
            "flow": _backward_flow(frames, object_mask, positions),
        }

    def draws(self, index: int) -> MovingMNISTDraws:
        """What sequence `index` is made of."""
        options, size = self._options, self._sequences.image_size
        index = range(self._num_sequences)[index]  # as a list: negative from the end, or IndexError
        generator = np.random.default_rng((*self._seed, index))
        chosen = generator.integers(len(self.images), size=options.num_digits)
        start = generator.random((options.num_digits, 2))
        angle = 2 * np.pi * generator.random(options.num_digits)
        speed = np.full(options.num_digits, options.step)
        if options.speed == "drawn":
            speed *= 2 * generator.random(options.num_digits)
        lines = generator.integers(size, size=2) if options.lines else None
        velocity = speed[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        path = _bounce(start, velocity, self._sequences.sequence_length)
        draws: MovingMNISTDraws = {
            "chosen": chosen.astype(np.int32),
            "positions": (path * (size - DIGIT_SIZE)).astype(np.int16),
        }
        if lines is not None:
            draws["lines"] = lines.astype(np.int32)
        return draws

    def _layers(self, draws: MovingMNISTDraws) -> np.ndarray:
        """Each digit alone, then the lines: [T, n + 1, H, W]."""
        size, positions = self._sequences.image_size, draws["positions"]
        digits = self.images[draws["chosen"]]
        tau, n, _ = positions.shape
        layers = np.zeros((tau, n + 1, size, size), np.float32)
        for t in range(tau):
            for k, (x, y) in enumerate(positions[t]):
                layers[t, k, y : y + DIGIT_SIZE, x : x + DIGIT_SIZE] = digits[k]
        if "lines" in draws:
            column, row = draws["lines"]
            layers[:, n, :, column] = 1
            layers[:, n, row, :] = 1
        return layers


def _bounce(start: np.ndarray, velocity: np.ndarray, num_frames: int) -> np.ndarray:
    """Straight paths in the unit square, stopped at its border for a frame and then reflected.

    Args:
      start: [n, 2], first positions in [0, 1].
      velocity: [n, 2], way a frame.
      num_frames: T.

    Returns:
      Positions [T, n, 2] in [0, 1], the first one after the first step.

    Source: the reference generator.
    """
    path = np.empty((num_frames, start.size))
    # Python's numbers, as arrays of so few take ten times as long.
    for k, (place, way) in enumerate(zip(start.ravel().tolist(), velocity.ravel().tolist())):
        for t in range(num_frames):
            place += way
            if not 0 < place < 1:
                place, way = min(max(place, 0.0), 1.0), -way
            path[t, k] = place
    return path.reshape(num_frames, *start.shape)


def _front_digit(layers: np.ndarray) -> np.ndarray:
    """Which digit shows, from 1; 0 for background and lines. Layers are [T, n + 1, H, W]."""
    num_digits = layers.shape[1] - 1
    latest_first = layers[:, ::-1]  # argmax takes the first of equals: the lines, the later digit
    front = num_digits - latest_first.argmax(axis=1)
    shows = (latest_first.max(axis=1) > 0) & (front < num_digits)
    return np.where(shows, front + 1, 0).astype(np.uint8)


def _backward_flow(
    frames: np.ndarray, object_mask: np.ndarray, positions: np.ndarray
) -> np.ndarray:
    """Flow [T - 1, H, W, 2] of each next frame; see `MovingMNISTItem`."""
    num_frames, height, width = frames.shape
    motions = np.zeros((num_frames - 1, positions.shape[1] + 1, 2), np.int64)
    motions[:, 1:] = positions[:-1] - positions[1:].astype(np.int64)
    flow = np.zeros((num_frames - 1, height, width, 2), np.float32)
    for t in range(num_frames - 1):
        front = object_mask[t + 1]
        flow[t] = motions[t][front]
        # Background that a digit has just left: the motion, if possible of that digit, else of
        # another one, that finds background in frame t.
        uncovered = (frames[t + 1] == 0) & (frames[t] > 0)
        others = [np.broadcast_to(motion, (height, width, 2)) for motion in motions[t, 1:]]
        for motion in (motions[t][object_mask[t]], *others):
            y, x = np.nonzero(uncovered)
            source_x, source_y = x + motion[y, x, 0], y + motion[y, x, 1]
            inside = (source_x >= 0) & (source_x < width) & (source_y >= 0) & (source_y < height)
            empty = np.ones(len(x), bool)
            empty[inside] = frames[t, source_y[inside], source_x[inside]] == 0
            y, x = y[empty], x[empty]
            flow[t, y, x] = motion[y, x]
            uncovered[y, x] = False
    return flow
