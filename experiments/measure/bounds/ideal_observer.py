"""Moving MNIST as well as it can be predicted from the frames seen, by whoever knows its rules.

The ideal observer knows the digits' shapes, their speed and, of each frame seen, where they are, in
whole pixels; not where they will be, see `data.moving_mnist.foresight`. Of all that may come, its
frame is the mean, which has the least squared error and cross-entropy that can be expected, and its
flow at each pixel the geometric median of the motions of what may show there, which has the least
expected endpoint error.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from data.moving_mnist.digits import DIGIT_SIZE
from data.moving_mnist.foresight import foresee
from data.moving_mnist.generator import MovingMNIST
from data.progress import Progress
from experiments.measure.flow_scores import CAUSES, FlowScores, TrueFlow, turned

Row = dict[str, Any]

_MIN_PROBABILITY = 1e-7  # of what is ruled out, as the search for paths is by a grid
_ITERATIONS = 60  # of a geometric median
_THRESHOLD = 1.0  # pixels, of a segmentation that is not read


class _Foreseen(NamedTuple):
    """A sequence, and what is foreseen of it.

    Attributes:
      items: the sequence by its pixels, with ground truth.
      digits: their intensities by the sequence's pixels, each [k, h, w].
      places: of each digit, probabilities as `foresee` gives them, [n, free + 1, free + 1].
    """

    items: Mapping[str, Mapping[str, np.ndarray]]
    digits: Mapping[str, np.ndarray]
    places: Sequence[np.ndarray]


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
      sources: by their pixels, `binary` and others, the same sequences of digits of constant speed,
        without lines.
      num_sequences: how many of them, the first ones.
      tau: frames seen, at least 2.
      num_ahead: frames predicted, from tau + 1.
      step: the digits' speed, share of the free path a frame.

    Returns:
      For each kind of pixels and each `frame` ahead, from 1, a row with `cross_entropy` (nats a
      pixel), `nats_per_frame` and `mse` (squared error summed over a frame), and one with the means
      of all, in which `frame` is text. Then, for binary pixels, rows of the flow of frame tau + 1
      by `flow` and `cause`, with the `share` of the moving pixels and `endpoint_error`, pixels:
      `foreseen`, the observer's; `mean`, of each digit's motions since it last turned, see
      `turned`; and `last`, its last motion seen; the latter two given which digit shows.
    """
    errors = {pixels: np.zeros((num_ahead, 2)) for pixels in sources}
    flows = {name: FlowScores(_THRESHOLD) for name in ("foreseen", "mean", "last")}
    for sequence in _foreseen(sources, num_sequences, tau, num_ahead, step):
        for pixels, item in sequence.items.items():
            for n, frame in enumerate(item["frames"][tau : tau + num_ahead, ..., 0]):
                places = [of_digit[n] for of_digit in sequence.places]
                expected = expected_frame(sequence.digits[pixels], places)
                errors[pixels][n] += _errors(expected, frame)
        item, digits = sequence.items["binary"], sequence.digits["binary"]
        truth, positions = TrueFlow.of(item, tau), item["positions"].astype(int)
        motions = np.diff(positions[:tau], axis=0)
        means = np.array([mean_motion(of_digit) for of_digit in motions.swapaxes(0, 1)])
        first = [of_digit[0] for of_digit in sequence.places]
        flows["foreseen"].add(expected_flow(digits, first, positions[tau - 1]), truth)
        flows["mean"].add(_flow_of_digits(truth.objects, means), truth)
        flows["last"].add(_flow_of_digits(truth.objects, motions[-1]), truth)
    num_pixels = next(iter(sources.values()))[0]["frames"][0].size
    rows = [
        {"pixels": pixels, "sequences": num_sequences} | row
        for pixels, sums in errors.items()
        for row in _rows_of_frames(sums / num_sequences, num_pixels)
    ]
    known = {"pixels": "binary", "sequences": num_sequences, "frame": 1}
    return rows + [known | row for row in _rows_of_flow(flows)]


def _foreseen(
    sources: Mapping[str, MovingMNIST], num_sequences: int, tau: int, num_ahead: int, step: float
) -> Iterator[_Foreseen]:
    with Progress(num_sequences, unit="sequence", description="foreseeing") as progress:
        for index in range(num_sequences):
            items = {
                pixels: cast(dict[str, np.ndarray], source.with_ground_truth(index))
                for pixels, source in sources.items()
            }
            digits = {
                pixels: source.images[source.draws(index)["chosen"]]
                for pixels, source in sources.items()
            }
            item = next(iter(items.values()))
            free = item["frames"].shape[1] - DIGIT_SIZE
            seen = item["positions"][:tau].astype(int).swapaxes(0, 1)
            places = [foresee(path, num_ahead, step=step, free=free) for path in seen]
            yield _Foreseen(items, digits, places)
            progress.advance()


def expected_frame(digits: np.ndarray, places: Sequence[np.ndarray]) -> np.ndarray:
    """Mean of the frames that digits make, of which at each pixel the brightest shows.

    Args:
      digits: intensities in [0, 1], [k, h, w].
      places: of each, probabilities of its corner's place, [free + 1, free + 1], by x and y.

    Returns:
      [h + free, w + free], in [0, 1].
    """
    # A frame is the sum over intensities of how much brighter each is than the one below, where it
    # is reached; digits move independently of each other.
    levels = np.unique(digits[digits > 0])
    fainter = 1 - np.stack(
        [
            _shown((digit >= levels[:, None, None]).astype(float), of_digit)
            for digit, of_digit in zip(digits, places, strict=True)
        ]
    ).astype(float)
    return np.einsum("l,lyx->yx", np.diff(levels, prepend=0), 1 - fainter.prod(axis=0))


def _shown(maps: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Mean of maps [l, h, w] over places: [l, h + free, w + free]."""
    num, height, width = maps.shape
    mean = np.zeros((num, height + len(places) - 1, width + len(places) - 1))
    for x, y in np.argwhere(places):
        mean[:, y : y + height, x : x + width] += places[x, y] * maps
    return mean


def expected_flow(digits: np.ndarray, places: Sequence[np.ndarray], last: np.ndarray) -> np.ndarray:
    """Backward flow of the next frame that has the least expected endpoint error where digits show.

    Args:
      digits: binary, [k, h, w]; a later one is in front of an earlier one.
      places: of each, probabilities of its corner's next place, [free + 1, free + 1], by x and y.
      last: where its corner was in the last frame seen, (x, y), int [k, 2].

    Returns:
      [h + free, w + free, 2], (u, v), pixels; 0 where no digit may show.
    """
    behind = np.ones(np.add(digits.shape[1:], len(places[0]) - 1))
    weights, motions = [], []
    for digit, of_digit, corner in reversed(list(zip(digits, places, last, strict=True))):
        height, width = digit.shape
        for x, y in np.argwhere(of_digit):
            weight = np.zeros_like(behind)
            weight[y : y + height, x : x + width] = of_digit[x, y] * digit
            weights.append(weight * behind)
            motions.append(corner - (x, y))
        behind = behind * (1 - _shown(digit[None], of_digit)[0])
    shows = np.sum(weights, axis=0) > 0
    flow = np.zeros((*behind.shape, 2))
    flow[shows] = geometric_median(np.array(motions), np.array(weights)[:, shows].T)
    return flow


def geometric_median(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Where the weighted mean distance to points is least.

    Args:
      points: [m, 2].
      weights: [..., m], not negative, of each some above 0.

    Returns:
      [..., 2].

    Source: Weiszfeld's iteration.
    """
    found = weights @ points / weights.sum(axis=-1, keepdims=True)
    for _ in range(_ITERATIONS):
        distances = np.linalg.norm(found[..., None, :] - points, axis=-1)
        pull = weights / np.maximum(distances, 1e-9)
        found = pull @ points / pull.sum(axis=-1, keepdims=True)
    return found


def mean_motion(motions: np.ndarray) -> np.ndarray:
    """Mean of a digit's motions [T, 2] since it last turned."""
    turns = np.flatnonzero(turned(motions))
    return motions[turns[-1] + 1 if len(turns) else 0 :].mean(axis=0)


def _errors(expected: np.ndarray, frame: np.ndarray) -> tuple[float, float]:
    """Cross-entropy, nats a pixel, and squared error summed over the frame."""
    likely = np.clip(expected, _MIN_PROBABILITY, 1 - _MIN_PROBABILITY)
    nats = -(frame * np.log(likely) + (1 - frame) * np.log1p(-likely)).mean()
    return float(nats), float(np.square(expected - frame).sum())


def _flow_of_digits(objects: np.ndarray, motions: np.ndarray) -> np.ndarray:
    """Backward flow [H, W, 2] where digits, from 1, show that have such motions [k, 2]; else 0."""
    return np.concatenate([np.zeros((1, 2)), -motions])[objects]


def _rows_of_frames(errors: np.ndarray, num_pixels: int) -> list[Row]:
    of_frames: dict[int | str, Sequence[float]] = dict(enumerate(errors.tolist(), 1))
    if len(errors) > 1:
        of_frames[f"1 to {len(errors)}"] = errors.mean(axis=0).tolist()
    return [
        {"frame": frame, "cross_entropy": nats, "nats_per_frame": nats * num_pixels, "mse": mse}
        for frame, (nats, mse) in of_frames.items()
    ]


def _rows_of_flow(scores: Mapping[str, FlowScores]) -> list[Row]:
    rows: list[Row] = []
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
