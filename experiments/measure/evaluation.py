"""Scores of a model and of the baselines on sequences, and pictures of its predictions."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from data.moving_mnist.generator import MovingMNIST
from data.progress import Progress
from experiments.configs.config import Config
from experiments.console.compilation import announced
from experiments.measure.scores import (
    FrameAverages,
    TwoLevelEntropy,
    frame_metrics,
)
from experiments.pictures.samples import sample_picture
from experiments.run import build
from experiments.run.build import Source
from vstm.compiler import compiler_options
from vstm.metrics import frames as metrics
from vstm.model import Autoencoder
from vstm.ops.warp import warp_batch
from vstm.state import Output

NUM_SAMPLES = 5
NUM_SAMPLE_INPUTS = 5

Predict = Callable[[Any, jax.Array], Output]
_Batch = tuple[int, np.ndarray, np.ndarray | None]

_warp_images = jax.jit(warp_batch)


def make_predict(model: Autoencoder) -> Predict:
    """The jitted forward pass: (params, frames [B, tau, H, W, C]) -> Output."""

    def predict(params, frames):
        return model.apply({"params": params}, frames)

    return announced("the prediction", jax.jit(predict, compiler_options=compiler_options()))


def _batches(source: Source, tau: int, batch_size: int, num_sequences: int) -> Iterator[_Batch]:
    """Count of new sequences, frames [B, tau + 1, ...] and true flow [B, H, W, 2] to the last.

    The last batch is filled up with copies of its last sequence.

    Raises:
      UserError: a sequence cannot be read; the message names the file.
    """
    for start in range(0, num_sequences, batch_size):
        count = min(batch_size, num_sequences - start)
        indices = [min(start + i, num_sequences - 1) for i in range(batch_size)]
        if isinstance(source, MovingMNIST):
            items = [source.with_ground_truth(i) for i in indices]
            flow = np.stack([item["flow"][tau - 1] for item in items])
            yield count, np.stack([item["frames"][: tau + 1] for item in items]), flow
        else:
            yield count, np.stack([build.frames_of(source, i)[: tau + 1] for i in indices]), None


def _shown(batches: Iterator[_Batch], total: int, description: str) -> Iterator[_Batch]:
    """Batches, with a progress bar of their sequences."""
    with Progress(total, unit="sequence", description=description, leave=False) as progress:
        for batch in batches:
            yield batch
            progress.advance(batch[0])


def evaluate(
    config: Config,
    predict: Predict,
    params: Any,
    source: Source,
    num_sequences: int,
    constant: float,
    description: str,
) -> dict[str, Any]:
    """Scores of the model and of the baselines on the first sequences of a source.

    The first tau frames are fed in and the next one is scored. Of the metrics, `cross_entropy` is
    nats a pixel, `nats_per_frame` the same summed over a frame (both null for a model that is not
    trained by cross-entropy, and for baselines where pixels are not binary), `mean_squared_error`
    and `ssim` are means over frames, `psnr` is the mean of each frame's dB, an exact frame counting
    as 100.

    Args:
      config: resolved configuration.
      predict: see `make_predict`.
      params: the model's parameters.
      source: the sequences.
      num_sequences: how many of them, at most.
      constant: intensity that the constant baseline predicts.
      description: for the progress bar.

    Returns:
      `num_sequences`; `model` and the baselines, each with the five metrics. The baseline of the
      true flow is null where the source does not know it.
    """
    batch_size, tau = config.evaluation.batch_size, config.tau
    num_sequences = min(num_sequences, len(source))
    model = build.make_model(config)
    averages: dict[str, FrameAverages] = {"model": FrameAverages()}
    entropies: dict[str, TwoLevelEntropy] = {}
    num_pixels = 0

    batches = _batches(source, tau, batch_size, num_sequences)
    for count, frames, flow in _shown(batches, num_sequences, description):
        last, target = jnp.asarray(frames[:, tau - 1]), jnp.asarray(frames[:, tau])
        num_pixels = target[0].size
        output = predict(params, jnp.asarray(frames[:, :tau])).prediction
        values = frame_metrics(model.intensity(output), target)
        if model.config.output == "logit":
            values["cross_entropy"] = metrics.cross_entropy(output, target)
        averages["model"].add(values, count)

        baselines = {"constant_mean": jnp.full_like(target, constant), "copy_last": last}
        if flow is not None:
            baselines["true_flow_warp"] = _warp_images(last, jnp.asarray(flow))
        for name, image in baselines.items():
            averages.setdefault(name, FrameAverages()).add(frame_metrics(image, target), count)
            if config.moving_mnist.pixels == "binary":
                entropies.setdefault(name, TwoLevelEntropy()).add(
                    np.asarray(image[:count]), np.asarray(target[:count])
                )

    result: dict[str, Any] = {"num_sequences": num_sequences, "true_flow_warp": None}
    for name, average in averages.items():
        entropy = entropies[name].value() if name in entropies else None
        result[name] = average.scores(entropy, num_pixels)
    return result


def samples(config: Config, predict: Predict, params: Any, source: Source) -> np.ndarray:
    """Picture of the first sequences' last inputs, target, prediction and flow."""
    tau = config.tau
    num_samples = min(NUM_SAMPLES, len(source))
    model = build.make_model(config)
    downsampling = model.config.downsampling
    parts = []
    # In batches as large as those of the scores, for which the prediction is compiled already.
    for count, frames, true_flow in _batches(
        source, tau, config.evaluation.batch_size, num_samples
    ):
        output = predict(params, jnp.asarray(frames[:, :tau]))
        part = {
            "frames": frames,
            "prediction": model.intensity(output.prediction),
            "motion": output.flow * downsampling,
        }
        if true_flow is not None:
            part["true motion"] = true_flow
        parts.append({name: np.asarray(value)[:count] for name, value in part.items()})
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    frames, prediction = whole.pop("frames"), whole.pop("prediction")
    inputs = frames[:, max(0, tau - NUM_SAMPLE_INPUTS) : tau]
    return sample_picture(inputs, frames[:, tau], prediction, whole)
