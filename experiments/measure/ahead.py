"""Scores of frames further ahead, predictions being fed back, as benchmarks take them.

What is written, and how, is described in the program, `experiments.evaluate_ahead`.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from data.sources import Source
from experiments.console.compilation import announced
from experiments.measure.batches import measured_batches
from vstm.compiler import compiler_options
from vstm.metrics import METRICS
from vstm.metrics.frames import (
    mean_absolute_error,
    mean_squared_error,
    nats_per_frame,
    ssim,
    uniform_ssim,
)
from vstm.model import Autoencoder
from vstm.rollout import predict_ahead

NUM_AHEAD = 10


def evaluate_ahead(
    model: Autoencoder,
    params: Any,
    source: Source,
    *,
    tau: int,
    batch_size: int,
    num_sequences: int,
) -> dict[str, Any]:
    """Scores by frame ahead on the first sequences of a source.

    Args:
      model: the network.
      params: its parameters.
      source: sequences of at least tau + 10 frames.
      tau: frames fed in.
      batch_size: sequences predicted at once.
      num_sequences: how many are scored, at most.

    Returns:
      `num_sequences`; `model` and `copy_last`, each with the lists `mse`, `mae`, `ssim`,
      `uniform_ssim`, `psnr` and `nats_per_frame` and their means, `mean_mse` and so on.

    Raises:
      UserError: a sequence cannot be read; the message names the file.
    """
    params = jax.tree.map(jnp.asarray, params)

    def score(frames):
        target = frames[:, tau : tau + NUM_AHEAD]
        outputs = predict_ahead(model, params, frames[:, :tau], num_frames=NUM_AHEAD)
        scores = _scores(model.intensity(outputs), target)
        if model.config.output == "logit":
            scores["nats_per_frame"] = nats_per_frame(outputs, target)
        copied = jnp.broadcast_to(frames[:, tau - 1 : tau], target.shape)
        return {"model": scores, "copy_last": _scores(copied, target)}

    compiled = announced(
        "the prediction ahead", jax.jit(score, compiler_options=compiler_options())
    )
    batches = []
    for count, batch in measured_batches(source, num_sequences, batch_size, "predicting ahead"):
        scores = compiled(jnp.asarray(batch["frames"][:, : tau + NUM_AHEAD]))
        batches.append(jax.tree.map(lambda a, n=count: np.asarray(a)[:n], scores))
    result: dict[str, Any] = {"num_sequences": min(num_sequences, len(source))}
    for name in ("model", "copy_last"):
        entries: dict[str, Any] = {"nats_per_frame": None, "mean_nats_per_frame": None}
        for metric in batches[0][name]:
            by_frame = np.concatenate([batch[name][metric] for batch in batches]).mean(axis=0)
            entries[metric] = by_frame.tolist()
            entries[f"mean_{metric}"] = float(by_frame.mean())
        result[name] = entries
    return result


def _scores(images: jax.Array, target: jax.Array) -> dict[str, jax.Array]:
    """[B, n] each."""
    num_pixels = target[0, 0].size
    return {
        "mse": num_pixels * mean_squared_error(images, target),
        "mae": num_pixels * mean_absolute_error(images, target),
        "ssim": ssim(images, target),
        "uniform_ssim": uniform_ssim(images, target),
        "psnr": METRICS["psnr"].values(images, target),
    }


def table(result: dict[str, Any]) -> str:
    """One line per frame ahead, and one for the means; columns: our scores beside a copy's."""
    columns = [
        (scores, metric)
        for metric in ("mse", "mae", "ssim", "uniform_ssim", "psnr", "nats_per_frame")
        for scores in ("model", "copy_last")
        if result[scores][f"mean_{metric}"] is not None
    ]
    titles = [f"{metric}{', copy' * (scores != 'model')}" for scores, metric in columns]
    rows = [
        f"{result['num_sequences']} sequences; mse and mae are summed over a frame's pixels",
        f"{'frame':>5}" + "".join(f"{title:>16}" for title in titles),
    ]
    for frame in range(len(result["model"]["mse"])):
        values = [result[scores][metric][frame] for scores, metric in columns]
        rows.append(f"{frame + 1:5}" + "".join(f"{value:16.4f}" for value in values))
    means = [result[scores][f"mean_{metric}"] for scores, metric in columns]
    rows.append(f"{'mean':>5}" + "".join(f"{value:16.4f}" for value in means))
    return "\n".join(rows)
