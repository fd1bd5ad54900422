"""Moving MNIST as well as it can be predicted from the frames seen, by whoever knows its rules.

The ideal observer knows the digits' shapes, their speed and, of each frame seen, where they are, in
whole pixels; not where they will be, see `data.moving_mnist.foresight`. Of all that may come, its
prediction is the mean, which has the least squared error and cross-entropy that can be expected.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from data.moving_mnist.digits import DIGIT_SIZE
from data.moving_mnist.foresight import foresee
from data.moving_mnist.generator import MovingMNIST
from data.progress import Progress
from experiments.measure.flow_scores import CAUSES, TURN, FlowScores, TrueFlow

Row = dict[str, Any]

FLOWS = ("foreseen", "mean", "last")  # see `observe`

NUM_LEVELS = 51
"""Intensities that float digits are rounded to, steps of five of 255."""

_LEAST = 1e-7  # probability; what is ruled out counts so, for what grids of paths miss
_ITERATIONS = 100  # of a geometric median
_THRESHOLD = 1.0  # pixels, of a segmentation that is not read


def observe(
    sources: Mapping[str, MovingMNIST],
    num_sequences: int,
    *,
    tau: int,
    num_ahead: int,
    step: float,
) -> list[Row]:
    """Scores of the ideal observer.

    Args:
      sources: by their pixels, `binary` or `float`, the same sequences of digits of constant speed,
        without lines.
      num_sequences: how many of them, the first ones, at most.
      tau: frames seen, at least 2.
      num_ahead: frames predicted, from tau + 1.
      step: the digits' speed, share of the free path a frame.

    Returns:
      For each kind of pixels, a row with the means over the frames ahead of `cross_entropy` (nats a
      pixel), `nats_per_frame` and `mse` (squared error summed over a frame); one for each `frame`,
      from 1. Then, for frame tau + 1, rows of flow by `flow` and `cause`: `foreseen`, each digit's
      motion to which the expected distance of its true one is least; `mean`, of its motions since
      it last turned; and `last`, the last one seen. With `share`, of the moving pixels, and
      `endpoint_error`, pixels.
    """
    total = min(num_sequences, *map(len, sources.values()))
    flows = {pixels: {name: FlowScores(_THRESHOLD) for name in FLOWS} for pixels in sources}
    errors = {pixels: np.zeros((num_ahead, 2)) for pixels in sources}
    with Progress(total, unit="sequence", description="foreseeing") as progress:
        for index in range(total):
            foreseen: list[np.ndarray] = []
            for pixels, source in sources.items():
                item = cast(dict[str, np.ndarray], source.with_ground_truth(index))
                positions = item["positions"].astype(int)
                foreseen = foreseen or [
                    foresee(path, num_ahead, step=step, free=item["frames"].shape[1] - DIGIT_SIZE)
                    for path in positions[:tau].swapaxes(0, 1)
                ]
                errors[pixels] += _errors(
                    source.images[source.draws(index)["chosen"]],
                    foreseen,
                    item["frames"][tau:, ..., 0],
                    1 if pixels == "binary" else NUM_LEVELS,
                )
                nearest = [nearest_place(of_digit[0]) for of_digit in foreseen]
                seen = np.diff(positions[:tau], axis=0)
                mean = [mean_motion(of_digit) for of_digit in seen.swapaxes(0, 1)]
                for name, motions in zip(
                    FLOWS, (nearest - positions[tau - 1], np.array(mean), seen[-1]), strict=True
                ):
                    flows[pixels][name].add(_flow(item, motions, tau), TrueFlow.of(item, tau))
            progress.advance()
    rows = []
    for pixels, source in sources.items():
        of_frames = _rows_of_frames(errors[pixels] / total, source[0]["frames"][0].size)
        rows += [{"pixels": pixels} | row for row in (*of_frames, *_rows_of_flow(flows[pixels]))]
    return rows


def expected_frame(digits: np.ndarray, places: Sequence[np.ndarray], num_levels: int) -> np.ndarray:
    """Mean of the frames that digits make, of which at each pixel the brightest shows.

    Args:
      digits: intensities in [0, 1], [n, h, w].
      places: of each, probabilities of its corner's place, [free + 1, free + 1], by x and y.
      num_levels: intensities are rounded to so many steps of equal size; 1 for binary digits.

    Returns:
      [h + free, w + free], in [0, 1].
    """
    # A frame is the mean over levels of whether it is brighter; digits move independently.
    height, width = digits.shape[1:]
    thresholds = (np.arange(num_levels) + 0.5) / num_levels
    darker = np.ones((num_levels, height + len(places[0]) - 1, width + len(places[0]) - 1))
    for digit, probabilities in zip(digits, places, strict=True):
        brighter = (digit > thresholds[:, None, None]).astype(float)
        shown = np.zeros_like(darker)
        for x, y in np.argwhere(probabilities):
            shown[:, y : y + height, x : x + width] += probabilities[x, y] * brighter
        darker *= 1 - shown
    return (1 - darker).mean(axis=0)


def nearest_place(probabilities: np.ndarray) -> np.ndarray:
    """Where the expected distance to a place is least, the geometric median: (x, y), pixels.

    Args:
      probabilities: of whole places, [n, n], by x and y.

    Source: Weiszfeld's iteration.
    """
    places = np.argwhere(probabilities)
    weights = probabilities[tuple(places.T)]
    found = weights @ places / weights.sum()
    for _ in range(_ITERATIONS):
        pull = weights / np.maximum(np.linalg.norm(places - found, axis=-1), 1e-9)
        found = pull @ places / pull.sum()
    return found


def mean_motion(motions: np.ndarray) -> np.ndarray:
    """Mean of a digit's motions [T, 2] since it last turned."""
    turns = np.flatnonzero(np.linalg.norm(np.diff(motions, axis=0), axis=-1) > TURN)
    return motions[turns[-1] + 1 if len(turns) else 0 :].mean(axis=0)


def _errors(
    digits: np.ndarray, foreseen: Sequence[np.ndarray], frames: np.ndarray, num_levels: int
) -> np.ndarray:
    """By frame ahead, cross-entropy, nats a pixel, and squared error summed over the frame, [n, 2].

    Args:
      digits: [k, h, w].
      foreseen: of each, [n, free + 1, free + 1], see `foresee`.
      frames: that came, at least n.
      num_levels: see `expected_frame`.
    """
    errors = []
    for places, frame in zip(zip(*foreseen, strict=True), frames, strict=False):
        expected = expected_frame(digits, places, num_levels)
        likely = np.clip(expected, _LEAST, 1 - _LEAST)
        nats = -(frame * np.log(likely) + (1 - frame) * np.log(1 - likely)).mean()
        errors.append((nats, np.square(expected - frame).sum()))
    return np.array(errors)


def _flow(item: Mapping[str, np.ndarray], motions: np.ndarray, frame: int) -> np.ndarray:
    """Backward flow [H, W, 2] of a frame whose digits have such motions, [n, 2]; else none."""
    of_objects = np.concatenate([np.zeros((1, 2)), -motions])
    return of_objects[item["object_mask"][frame]]


def _rows_of_frames(errors: np.ndarray, num_pixels: int) -> list[Row]:
    def row(nats: float, mse: float) -> Row:
        return {"cross_entropy": nats, "nats_per_frame": nats * num_pixels, "mse": mse}

    frames = [{"frame": n} | row(*each) for n, each in enumerate(errors.tolist(), 1)]
    return [row(*errors.mean(axis=0).tolist()), *frames]


def _rows_of_flow(scores: Mapping[str, FlowScores]) -> list[Row]:
    rows = []
    for name, of_flow in scores.items():
        found = of_flow.scores()
        rows.append({"flow": name, "cause": "all", "endpoint_error": found["endpoint_error"]})
        rows += [
            {
                "flow": name,
                "cause": cause,
                "share": found[f"{cause}_share"],
                "endpoint_error": found[f"{cause}_error"],
            }
            for cause in CAUSES
            if found[f"{cause}_share"]
        ]
    return rows
