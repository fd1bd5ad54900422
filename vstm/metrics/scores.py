"""All metrics of predicted frames, and their means over batches.

Source: that each frame counts alike is a choice.
"""

import functools
from collections.abc import Mapping

import jax
import numpy as np
from jaxtyping import Array, Float

from vstm.metrics import METRICS

Scores = dict[str, float | None]


@functools.partial(jax.jit, static_argnames="takes")
def frame_scores(
    prediction: Float[Array, "*b h w c"],
    target: Float[Array, "*b h w c"],
    *,
    takes: str = "intensity",
) -> dict[str, Float[Array, "*b"]]:
    """The metrics of a kind of prediction, one value per frame.

    Args:
      prediction: intensities, or their logits; see `takes`.
      target: the true frames, in [0, 1].
      takes: which metrics, by `Metric.takes`: `intensity` or `logit`.

    Returns:
      Values by the names of `METRICS`, without those that are not defined for frames so small.

    Raises:
      ValueError: another kind of prediction.
    """
    kinds = sorted({metric.takes for metric in METRICS.values()})
    if takes not in kinds:
        raise ValueError(f"takes={takes!r}: expected one of {', '.join(kinds)}")
    return {
        name: metric.values(prediction, target)
        for name, metric in METRICS.items()
        if metric.takes == takes and metric.defined(target.shape)
    }


class MeanScores:
    """Means of the metrics over the frames of all batches added."""

    def __init__(self) -> None:
        self._values: dict[str, list[np.ndarray]] = {}

    def add(self, values: Mapping[str, jax.Array], count: int) -> None:
        """Adds the first `count` values of each metric of a batch, see `frame_scores`."""
        for name, value in values.items():
            self._values.setdefault(name, []).append(np.asarray(value, np.float64)[:count])

    def result(self) -> Scores:
        """Means by the names of `METRICS`; None for a metric that no batch had."""
        means = {name: float(np.concatenate(v).mean()) for name, v in self._values.items()}
        return {name: means.get(name) for name in METRICS}
