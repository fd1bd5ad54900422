"""Scores of predicted frames and of the baselines, and their table."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.configs.config import Config
from experiments.run import build
from vstm.metrics import frames as metrics

PSNR_CAP = 100.0  # dB; a baseline can be exact, and JSON has no infinity
NUM_MEAN_SEQUENCES = 1_000

Scores = dict[str, float | None]


class TwoLevelEntropy:
    """Cross-entropy of an image used as a predictor of binary pixels.

    An image alone gives no probabilities. Its pixels above and below 1/2 are taken to predict the
    mean target value of each of the two groups, on the evaluated sequences themselves: the best
    that two levels can do, which favours the baseline.
    """

    def __init__(self) -> None:
        self._count = np.zeros(2)
        self._sum = np.zeros(2)

    def add(self, prediction: np.ndarray, target: np.ndarray) -> None:
        """Counts more images of any one shape."""
        group = (prediction > 0.5).astype(np.intp).ravel()
        self._count += np.bincount(group, minlength=2)
        self._sum += np.bincount(group, target.ravel().astype(np.float64), minlength=2)

    def value(self) -> float:
        """Nats a pixel."""
        mean = np.clip(self._sum / np.maximum(self._count, 1), 1e-12, 1 - 1e-12)
        entropy = -mean * np.log(mean) - (1 - mean) * np.log(1 - mean)
        return float((self._count * entropy).sum() / self._count.sum())


class FrameAverages:
    """Means of the metrics over frames."""

    def __init__(self) -> None:
        self._values: dict[str, list[np.ndarray]] = {}

    def add(self, values: dict[str, jax.Array], count: int) -> None:
        """Adds the first `count` values of each metric."""
        for name, value in values.items():
            self._values.setdefault(name, []).append(np.asarray(value, np.float64)[:count])

    def scores(self, cross_entropy: float | None, num_pixels: int) -> Scores:
        """All metrics; the cross-entropy is the given one, where the frames had none."""
        means = {name: float(np.concatenate(v).mean()) for name, v in self._values.items()}
        pixel = means.pop("cross_entropy", cross_entropy)
        return {
            "cross_entropy": pixel,
            "nats_per_frame": None if pixel is None else pixel * num_pixels,
            "mean_squared_error": means["mean_squared_error"],
            "ssim": means["ssim"],
            "psnr": means["psnr"],
        }


@jax.jit
def frame_metrics(prediction: jax.Array, target: jax.Array) -> dict[str, jax.Array]:
    """The metrics that any predicted image has, one value a frame; see `vstm.metrics.frames`.

    Frames of less than 11 pixels have no `ssim`. An exact frame has a `psnr` of 100.
    """
    values = {
        "mean_squared_error": metrics.mean_squared_error(prediction, target),
        "psnr": jnp.minimum(metrics.psnr(prediction, target), PSNR_CAP),
    }
    if min(target.shape[-3:-1]) >= metrics.SSIM_WINDOW:
        values["ssim"] = metrics.ssim(prediction, target)
    return values


def mean_intensity(config: Config) -> float:
    """Mean intensity of the first training sequences: the constant predictor."""
    source = build.source(config, "train")
    count = min(NUM_MEAN_SEQUENCES, len(source))
    return float(np.mean([build.frames_of(source, i)[config.tau] for i in range(count)]))


def table(result: dict[str, Any]) -> str:
    """The evaluation as text, the paper's number beside it where it has one."""
    names = {
        "model": result["variant"],
        "constant_mean": "constant mean",
        "copy_last": "copy of the last frame",
        "true_flow_warp": "last frame, true flow",
    }
    rows = [
        f"{result['split']}: {result['num_sequences']} sequences, after "
        f"{result['sequences_trained']} training sequences",
        f"{'':24}{'nats/pixel':>11}{'nats/frame':>12}{'MSE':>9}{'SSIM':>8}{'PSNR':>8}",
    ]
    for key, name in names.items():
        if (scores := result[key]) is not None:
            rows.append(
                f"{name:24}{_number(scores['cross_entropy'], 11, 5)}"
                f"{_number(scores['nats_per_frame'], 12, 1)}"
                f"{_number(scores['mean_squared_error'], 9, 5)}"
                f"{_number(scores['ssim'], 8, 4)}{_number(scores['psnr'], 8, 2)}"
            )
    if paper := result["paper"]:
        rows.append(
            f"{'paper, test':24}{_number(paper.get('cross_entropy'), 11, 5)}"
            f"{_number(None, 12, 1)}{_number(paper.get('mean_squared_error'), 9, 5)}"
        )
    return "\n".join(rows)


def _number(value: float | None, width: int, digits: int) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:{width}.{digits}f}"
