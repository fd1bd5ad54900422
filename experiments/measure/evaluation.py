"""Scores of a model and of the baselines on sequences, and pictures of its predictions."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from data.sources import GroundTruthSource, Source
from experiments.console.compilation import announced
from experiments.measure.batches import measured_batches
from experiments.pictures.samples import sample_picture
from vstm.compiler import compiler_options
from vstm.metrics.scores import MeanScores, Scores, frame_scores
from vstm.metrics.two_level_entropy import TwoLevelEntropy
from vstm.model import Autoencoder
from vstm.ops.warp import warp_batch, warp_within

NUM_SAMPLES = 5
NUM_SAMPLE_INPUTS = 5
NUM_MEAN_SEQUENCES = 1_000

_warp_images = jax.jit(warp_batch)
_warp_images_within = jax.jit(jax.vmap(warp_within))


class NextFrame(NamedTuple):
    """What a model predicts to follow some sequences.

    Attributes:
      intensities: float32 [B, H, W, C]; may leave [0, 1] a little.
      logits: the logits whose sigmoid the intensities are; None for a model without them.
      flow: float32 [B, H, W, 2], backward, pixels of the frame.
    """

    intensities: jax.Array
    logits: jax.Array | None
    flow: jax.Array


Predict = Callable[[np.ndarray], NextFrame]
"""From frames [B, tau, H, W, C] to the frame after them."""


def make_predict(
    model: Autoencoder, change: Callable[[Callable[..., Any]], Callable[..., Any]] = lambda f: f
) -> Callable[[Any], Predict]:
    """A forward pass that takes the parameters, compiled once for all of them.

    Args:
      model: the autoencoder.
      change: what is done to the pass (parameters, frames) before it is compiled.
    """

    def forward(params, frames):
        return model.apply({"params": params}, frames)

    compiled = announced(
        "the prediction", jax.jit(change(forward), compiler_options=compiler_options())
    )

    def predict(params: Any, frames: np.ndarray) -> NextFrame:
        output = compiled(params, jnp.asarray(frames))
        return NextFrame(
            intensities=model.intensity(output.prediction),
            logits=output.prediction if model.config.output == "logit" else None,
            flow=model.enlarge(output.flow),
        )

    return lambda params: partial(predict, params)


def evaluate(
    predict: Predict,
    source: Source,
    *,
    tau: int,
    batch_size: int,
    num_sequences: int,
    constant: float,
    description: str,
) -> dict[str, Any]:
    """Scores of the model and of the baselines on the first sequences of a source.

    The first tau frames are fed in and the next one is scored, by each of `vstm.metrics.METRICS`.
    Metrics of logits are null for a model that gives none. An image that is a baseline has
    `cross_entropy` and `nats_per_frame` by its `TwoLevelEntropy`, where pixels are binary or the
    model gives logits.

    Args:
      predict: see `make_predict`.
      source: the sequences, of at least tau + 1 frames.
      tau: frames fed in.
      batch_size: sequences predicted at once.
      num_sequences: how many are scored, at most.
      constant: intensity that the constant baseline predicts.
      description: for the progress bar.

    Returns:
      `num_sequences`; `model` and the baselines, each with the metrics. The baseline of the true
      flow is null where the source does not know it.

    Raises:
      UserError: a sequence cannot be read; the message names the file.
    """
    model = MeanScores()
    baselines: dict[str, _Baseline] = {}
    has_logits = False
    for count, batch in measured_batches(
        source,
        num_sequences,
        batch_size,
        description,
        ground_truth=isinstance(source, GroundTruthSource),
    ):
        frames = batch["frames"]
        last, target = jnp.asarray(frames[:, tau - 1]), jnp.asarray(frames[:, tau])
        made = predict(frames[:, :tau])
        model.add(frame_scores(made.intensities, target), count)
        if made.logits is not None:
            has_logits = True
            model.add(frame_scores(made.logits, target, takes="logit"), count)
        images = {"constant_mean": jnp.full_like(target, constant), "copy_last": last}
        if "flow" in batch:
            # Where it is known what was hidden, the world goes on outside; moving MNIST is black.
            warped = _warp_images_within if "occluded" in batch else _warp_images
            images["true_flow_warp"] = warped(last, jnp.asarray(batch["flow"][:, tau - 1]))
        for name, image in images.items():
            baselines.setdefault(name, _Baseline()).add(image, target, count)
    return {
        "num_sequences": min(num_sequences, len(source)),
        "true_flow_warp": None,
        "model": model.result(),
    } | {name: baseline.scores(has_logits) for name, baseline in baselines.items()}


class _Baseline:
    """Scores of images that some simple rule predicts."""

    def __init__(self) -> None:
        self._means = MeanScores()
        self._entropy = TwoLevelEntropy()
        self._num_pixels = 0

    def add(self, images: jax.Array, target: jax.Array, count: int) -> None:
        self._num_pixels = target[0].size
        self._means.add(frame_scores(images, target), count)
        self._entropy.add(np.asarray(images[:count]), np.asarray(target[:count]))

    def scores(self, beside_logits: bool) -> Scores:
        if not (self._entropy.binary or beside_logits):
            return self._means.result()
        entropy = self._entropy.value()
        return self._means.result() | {
            "cross_entropy": entropy,
            "nats_per_frame": entropy * self._num_pixels,
        }


def samples(predict: Predict, source: Source, *, tau: int, batch_size: int) -> np.ndarray:
    """Picture of the first sequences' last inputs, target, prediction and flow.

    Args:
      predict: see `make_predict`.
      source: the sequences.
      tau: frames fed in.
      batch_size: sequences predicted at once; those of `evaluate` need no new compilation.

    Returns:
      See `sample_picture`.

    Raises:
      UserError: a sequence cannot be read; the message names the file.
    """
    parts: list[dict[str, np.ndarray]] = []
    for count, batch in measured_batches(
        source,
        NUM_SAMPLES,
        batch_size,
        "predicting samples",
        ground_truth=isinstance(source, GroundTruthSource),
    ):
        frames = batch["frames"]
        made = predict(frames[:, :tau])
        part: dict[str, Any] = {
            "inputs": frames[:, max(0, tau - NUM_SAMPLE_INPUTS) : tau],
            "target": frames[:, tau],
            "prediction": made.intensities,
            "motion": made.flow,
        }
        if "flow" in batch:
            part["true motion"] = batch["flow"][:, tau - 1]
        parts.append({name: np.asarray(value)[:count] for name, value in part.items()})
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    inputs, target, prediction = (whole.pop(n) for n in ("inputs", "target", "prediction"))
    return sample_picture(inputs, target, prediction, flows=whole)


def mean_intensity(source: Source, tau: int) -> float:
    """Mean intensity of frame tau + 1 in a source's first sequences: the constant predictor.

    Raises:
      UserError: a sequence cannot be read; the message names the file.
    """
    batches = measured_batches(source, NUM_MEAN_SEQUENCES, 1, "mean intensity")
    return float(np.mean([batch["frames"][0, tau] for _, batch in batches]))
