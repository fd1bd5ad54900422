"""Scores of a clip, and over clips.

A clip's error is the mean of its frames' squared errors, its distance of a flow the mean endpoint
distance to the reference, over all pixels and frames. Ratios have a floor in numerator and
denominator, without which a clip where next to nothing changes would decide a geometric mean:

    error ratio    = (error + ERROR_FLOOR) / (the other's error + ERROR_FLOOR)
    distance ratio = (distance + DISTANCE_FLOOR) / (mean length of the reference + DISTANCE_FLOOR)

The reference is no truth: it is empty on flat ground, wrong where something is covered or
uncovered, and akin to the same method's carried-on flow.

Frames that repeat the one before, as in webcams' and converted videos, count like others, as they
do for whoever uses the predictions; a copy of the last frame has them right. A clip's share of them
is given.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from experiments.measure.video.moments import Moment
from experiments.measure.video.still import still_pixels
from vstm.metrics.frames import mean_squared_error

ERROR_FLOOR = (1 / 255) ** 2 / 12
"""Variance of rounding to 8 bits: the target's own, which no prediction could undo."""

DISTANCE_FLOOR = 0.05
"""Pixels: about how well the reference is known where it is known."""

MIN_STILL = 0.01
"""Share of still pixels from which a clip says something about the flow there."""

YARDSTICK = "dis"

Row = dict[str, Any]

_mean_squared_error = jax.jit(mean_squared_error)


def squared_error(frame: np.ndarray, target: np.ndarray) -> float:
    """Mean squared error of a prediction [H, W], see `mean_squared_error`."""
    return float(_mean_squared_error(frame[..., None], target[..., None]))


def moment_scores(moment: Moment) -> dict[str, float]:
    """Means over a moment's pixels, by name.

    Returns:
      `error_*` of each prediction; `length_reference`, `distance_*` of each flow, pixels; `still`,
      the share of pixels that stand still, and `still_*`, the length of each flow there, summed
      over them and divided by the number of all pixels; `duplicate`, 1 if the target repeats the
      last frame but for less than rounding, else 0.
    """
    scores = {
        f"error_{name}": squared_error(frame, moment.target)
        for name, frame in moment.frames.items()
    }
    scores["length_reference"] = _length(moment.reference).mean()
    still = still_pixels(moment.previous, moment.last, moment.target, moment.reference)
    scores["still"] = still.mean()
    for name, flow in moment.flows.items():
        scores[f"distance_{name}"] = _length(flow - moment.reference).mean()
        scores[f"still_{name}"] = (_length(flow) * still).mean()
    scores["duplicate"] = scores["error_copy"] < ERROR_FLOOR
    return {name: float(score) for name, score in scores.items()}


def clip_row(name: str, scored: Iterable[Mapping[str, float]]) -> Row:
    """A clip's row.

    Args:
      name: of the clip.
      scored: `moment_scores` of each frame, at least one.

    Returns:
      `clip`, `frames`, `duplicates`; means of `error_*`, `length_reference`, `distance_*`; ratios
      `*_to_copy` of errors and `*_to_zero` of distances, by prediction; `ours_to_better`, the error
      ratio to the better of a copy and the last frame along carried-on DIS flow; `worse_than_copy`,
      `worse_than_better`, whether ours is, as 1 or 0; `still`, and mean length of flows there,
      `still_*`, None below `MIN_STILL`.
    """
    frames = list(scored)
    mean = {name: float(np.mean([frame[name] for frame in frames])) for name in frames[0]}
    errors, distances = _named(mean, "error_"), _named(mean, "distance_")
    better = min(errors["copy"], errors[YARDSTICK])
    still = mean.pop("still")
    lengths = {
        f"still_{name}": length / still if still >= MIN_STILL else None
        for name, length in _named(mean, "still_").items()
    }
    length = mean["length_reference"]
    return {
        "clip": name,
        "frames": len(frames),
        "duplicates": mean["duplicate"],
        **{f"error_{name}": error for name, error in errors.items()},
        **{
            f"{name}_to_copy": _ratio(error, errors["copy"], ERROR_FLOOR)
            for name, error in errors.items()
            if name != "copy"
        },
        "ours_to_better": _ratio(errors["ours"], better, ERROR_FLOOR),
        "worse_than_copy": int(errors["ours"] > errors["copy"]),
        "worse_than_better": int(errors["ours"] > better),
        "length_reference": length,
        **{f"distance_{name}": distance for name, distance in distances.items()},
        **{
            f"{name}_to_zero": _ratio(distance, length, DISTANCE_FLOOR)
            for name, distance in distances.items()
        },
        "still": still,
        **lengths,
    }


def all_clips_row(rows: Sequence[Row]) -> Row:
    """The row over all clips, each of equal weight.

    Args:
      rows: `clip_row` of each, at least one.

    Returns:
      Ratios are geometric means; `worse_*` are numbers of clips, `frames` theirs together; the
      others are means over the clips that have them. Beside them, `*_to_zero_of_sums`: distances,
      summed over clips, to the lengths of references, summed likewise, which clips of fast motion
      decide.
    """
    names = list(rows[0])
    result: Row = {"clip": f"all {len(rows)}"}
    for name in names[1:]:
        values = [row[name] for row in rows if row[name] is not None]
        if not values:
            result[name] = None
        elif name == "frames" or name.startswith("worse_"):
            result[name] = sum(values)
        elif "_to_" in name:
            result[name] = float(np.exp(np.mean(np.log(values))))
        else:
            result[name] = float(np.mean(values))
    for name in _named(rows[0], "distance_"):
        total, length = result[f"distance_{name}"], result["length_reference"]
        result[f"{name}_to_zero_of_sums"] = total / length if length else None
    return result


def _length(flow: np.ndarray) -> np.ndarray:
    return np.linalg.norm(flow, axis=-1)


def _named(scores: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): score
        for name, score in scores.items()
        if name.startswith(prefix)
    }


def _ratio(value: float, other: float, floor: float) -> float:
    return (value + floor) / (other + floor)
