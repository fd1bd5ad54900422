"""A linear probe: multinomial logistic regression of pixel labels from maps of features.

A cell's d features give, by one linear map that all cells share, the logits of the f x f pixels
below it.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from vstm.compiler import compiler_options

BATCH_SIZE = 16
NUM_UPDATES = 600
LEARNING_RATE = 3e-2


class Probe(NamedTuple):
    """A fitted probe.

    Attributes:
      mean: of the features, [d]; subtracted first.
      deviation: of the features, [d]; divided by.
      weights: [d, f * f, classes].
      bias: [f * f, classes].
    """

    mean: np.ndarray
    deviation: np.ndarray
    weights: jax.Array
    bias: jax.Array


def cells(labels: np.ndarray, factor: int) -> np.ndarray:
    """Labels [N, H, W] by cell: [N, h, w, f * f]."""
    count, height, width = labels.shape
    split = labels.reshape(count, height // factor, factor, width // factor, factor)
    return split.swapaxes(2, 3).reshape(count, height // factor, width // factor, factor**2)


def pixels(of_cells: np.ndarray, factor: int) -> np.ndarray:
    """The reverse of `cells`."""
    count, height, width, _ = of_cells.shape
    split = of_cells.reshape(count, height, width, factor, factor)
    return split.swapaxes(2, 3).reshape(count, height * factor, width * factor)


def fit(
    features: np.ndarray, labels: np.ndarray, num_classes: int, decay: float, seed: int
) -> Probe:
    """Minimises the pixels' mean cross-entropy plus decay |weights|^2, by Adam.

    Args:
      features: [N, h, w, d].
      labels: integers [N, H, W] in [0, num_classes), H = f h.
      num_classes: number of labels.
      decay: weight of the penalty, of standardised features.
      seed: of the batches.

    Returns:
      The probe.
    """
    factor = labels.shape[1] // features.shape[1]
    mean = features.mean(axis=(0, 1, 2))
    deviation = features.std(axis=(0, 1, 2)) + 1e-6
    targets = cells(labels, factor)
    shape = (features.shape[-1], factor**2, num_classes)
    params = (jnp.zeros(shape), jnp.zeros(shape[1:]))
    tx = optax.adam(optax.cosine_decay_schedule(LEARNING_RATE, NUM_UPDATES))

    def objective(params, features, targets):
        logits = _logits(params[0], params[1], (features - mean) / deviation)
        errors = optax.softmax_cross_entropy_with_integer_labels(logits, targets)
        return jnp.mean(errors) + decay * jnp.sum(jnp.square(params[0]))

    @partial(jax.jit, compiler_options=compiler_options())
    def update(params, opt_state, features, targets):
        updates, opt_state = tx.update(
            jax.grad(objective)(params, features, targets), opt_state, params
        )
        return optax.apply_updates(params, updates), opt_state

    opt_state, generator = tx.init(params), np.random.default_rng(seed)
    size = min(BATCH_SIZE, len(features))
    for _ in range(NUM_UPDATES):
        chosen = generator.choice(len(features), size, replace=False)
        params, opt_state = update(params, opt_state, features[chosen], targets[chosen])
    return Probe(mean, deviation, *params)


def predict(probe: Probe, features: np.ndarray) -> np.ndarray:
    """Labels of all pixels, [N, H, W]."""
    factor = round(probe.bias.shape[0] ** 0.5)
    standardised = (features - probe.mean) / probe.deviation
    return pixels(
        np.asarray(jnp.argmax(_logits(probe.weights, probe.bias, standardised), -1)), factor
    )


def mean_iou(labels: np.ndarray, truth: np.ndarray, num_classes: int) -> float:
    """Intersection over union of each class that occurs in the truth, averaged."""
    values = []
    for label in range(num_classes):
        ours, theirs = labels == label, truth == label
        if theirs.any():
            values.append((ours & theirs).sum() / (ours | theirs).sum())
    return float(np.mean(values))


def _logits(weights: jax.Array, bias: jax.Array, features: jax.Array) -> jax.Array:
    return jnp.einsum("nhwd,dpc->nhwpc", features, weights) + bias
