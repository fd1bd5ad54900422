"""Evaluates a run on frames further ahead, predictions being fed back, as benchmarks do.

The first tau frames are fed in and the next 10 predicted, each from the predictions before it: of
tau = 10, the protocol of the published moving-MNIST test set. Writes `ahead_test.json` (or
`ahead_published.json`) into the run's folder. By frame ahead, and as their mean: `mse`, the squared
error *summed over a frame's pixels*, which is what those benchmarks call so; `ssim`;
`nats_per_frame`, for a model trained by cross-entropy, else null; and both of the last input,
copied. Pixels are those that the model was trained on, binary or real.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from tqdm import tqdm

from experiments.run import build
from experiments.run.build import Source
from experiments.run.config import Config
from vstm import metrics
from vstm.compiler import compiler_options
from vstm.losses import output_intensity
from vstm.rollout import predict_ahead

NUM_AHEAD = 10


def evaluate_ahead(
    config: Config, params: Any, source: Source, num_sequences: int
) -> dict[str, Any]:
    """Scores by frame ahead on the first sequences of a source.

    Args:
      config: resolved configuration of the run.
      params: of its model.
      source: sequences of at least tau + 10 frames.
      num_sequences: how many of them, at most.

    Returns:
      `num_sequences`; `model` and `copy_last`, each with the lists `mse`, `ssim` and
      `nats_per_frame` and their means, `mean_mse` and so on.
    """
    model, tau, batch_size = build.make_model(config), config.tau, config.evaluation.batch_size
    num_sequences = min(num_sequences, len(source))
    params = jax.tree.map(jnp.asarray, params)

    def score(frames):
        target = frames[:, tau : tau + NUM_AHEAD]
        outputs = predict_ahead(model, params, frames[:, :tau], NUM_AHEAD, config.loss)
        num_pixels = target[0, 0].size
        scores = _scores(output_intensity(config.loss, outputs), target)
        if config.loss == "bce":
            scores["nats_per_frame"] = num_pixels * metrics.cross_entropy(outputs, target)
        copied = jnp.broadcast_to(frames[:, tau - 1 : tau], target.shape)
        return {"model": scores, "copy_last": _scores(copied, target)}

    compiled = jax.jit(score, compiler_options=compiler_options())
    batches = []
    for start in tqdm(range(0, num_sequences, batch_size), leave=False, disable=None):
        indices = range(start, start + batch_size)  # filled up with copies of the last sequence
        chosen = [build.frames_of(source, min(i, num_sequences - 1)) for i in indices]
        scores = compiled(jnp.asarray(np.stack(chosen)[:, : tau + NUM_AHEAD]))
        batches.append(jax.tree.map(lambda a, n=num_sequences - start: np.asarray(a)[:n], scores))
    result: dict[str, Any] = {"num_sequences": num_sequences}
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
    return {
        "mse": target[0, 0].size * metrics.mean_squared_error(images, target),
        "ssim": metrics.ssim(images, target),
    }
