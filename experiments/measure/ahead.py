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

from data.progress import Progress
from experiments.configs.config import Config
from experiments.console.compilation import announced
from experiments.measure.scores import frame_metrics
from experiments.run import build
from experiments.run.build import Source
from vstm.compiler import compiler_options
from vstm.inference.rollout import predict_ahead
from vstm.metrics import frames as metrics

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
        outputs = predict_ahead(model, params, frames[:, :tau], NUM_AHEAD)
        num_pixels = target[0, 0].size
        scores = _scores(model.intensity(outputs), target)
        if model.config.output == "logit":
            scores["nats_per_frame"] = num_pixels * metrics.cross_entropy(outputs, target)
        copied = jnp.broadcast_to(frames[:, tau - 1 : tau], target.shape)
        return {"model": scores, "copy_last": _scores(copied, target)}

    compiled = announced(
        "the prediction ahead", jax.jit(score, compiler_options=compiler_options())
    )
    batches = []
    with Progress(
        num_sequences, unit="sequence", description="predicting ahead", leave=False
    ) as progress:
        for start in range(0, num_sequences, batch_size):
            indices = range(start, start + batch_size)  # filled up with copies of the last sequence
            chosen = [build.frames_of(source, min(i, num_sequences - 1)) for i in indices]
            scores = compiled(jnp.asarray(np.stack(chosen)[:, : tau + NUM_AHEAD]))
            count = min(batch_size, num_sequences - start)
            batches.append(jax.tree.map(lambda a, n=count: np.asarray(a)[:n], scores))
            progress.advance(count)
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
    values = frame_metrics(images, target)
    return {
        "mse": target[0, 0].size * values["mean_squared_error"],
        "ssim": values["ssim"],
    }


def table(result: dict[str, Any]) -> str:
    """A line a frame ahead, and one for the means; columns are the scores, a copy's beside ours."""
    columns = [
        (scores, metric)
        for metric in ("mse", "ssim", "nats_per_frame")
        for scores in ("model", "copy_last")
        if result[scores][f"mean_{metric}"] is not None
    ]
    titles = [f"{metric}{', copy' * (scores != 'model')}" for scores, metric in columns]
    rows = [
        f"{result['num_sequences']} sequences; mse is summed over a frame's pixels",
        f"{'frame':>5}" + "".join(f"{title:>16}" for title in titles),
    ]
    for frame in range(len(result["model"]["mse"])):
        values = [result[scores][metric][frame] for scores, metric in columns]
        rows.append(f"{frame + 1:5}" + "".join(f"{value:16.4f}" for value in values))
    means = [result[scores][f"mean_{metric}"] for scores, metric in columns]
    rows.append(f"{'mean':>5}" + "".join(f"{value:16.4f}" for value in means))
    return "\n".join(rows)
