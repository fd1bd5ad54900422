"""Reconstruction losses between the predicted and the true next frame.

Each returns a map of one value a pixel, unreduced; `reconstruction_terms` takes means.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.spatial_gradient import spatial_gradient


def binary_cross_entropy(
    logits: Float[Array, "*b h w c"], target: Float[Array, "*b h w c"]
) -> Float[Array, "*b h w c"]:
    """-y log p - (1 - y) log(1 - p) with p = sigmoid(logits), in nats.

    Evaluated as max(z, 0) - z y + log(1 + exp(-|z|)), which neither overflows nor cancels.

    Args:
      logits: any real number.
      target: in [0, 1].

    Source: section 5 (Srivastava et al. 2015).
    """
    return jnp.maximum(logits, 0) - logits * target + jnp.log1p(jnp.exp(-jnp.abs(logits)))


def intensity_error(
    prediction: Float[Array, "*b h w c"], target: Float[Array, "*b h w c"]
) -> Float[Array, "*b h w c"]:
    """(Y~ - Y)^2. Source: eq. 5, first term."""
    return jnp.square(prediction - target)


def gradient_error(
    prediction: Float[Array, "*b h w c"], target: Float[Array, "*b h w c"]
) -> Float[Array, "*b h w c"]:
    """|grad Y~ - grad Y|^2, the sum of the squared x and y parts. Source: eq. 5, second term."""
    return jnp.sum(jnp.square(spatial_gradient(prediction - target)), axis=0)


_Term = Callable[[jax.Array, jax.Array], jax.Array]

LOSSES: dict[str, dict[str, _Term]] = {
    "bce": {"cross_entropy": binary_cross_entropy},
    "intensity": {"intensity": intensity_error},
    "gradient": {"gradient": gradient_error},
    "sum": {"intensity": intensity_error, "gradient": gradient_error},
}
"""The terms that each loss adds up, by name."""


def reconstruction_terms(
    loss: str, output: Float[Array, "*b h w c"], target: Float[Array, "*b h w c"]
) -> dict[str, Float[Array, ""]]:
    """Terms of a loss, each the mean over pixels; the loss is their sum.

    Args:
      loss: a key of `LOSSES`.
      output: the decoder's output: a logit for `bce`, an intensity otherwise.
      target: the true frame, in [0, 1].

    Returns:
      Scalars by term.

    Raises:
      KeyError: no such loss.

    Source: eq. 5 and section 5; means over pixels are a choice.
    """
    return {name: jnp.mean(term(output, target)) for name, term in LOSSES[loss].items()}


def output_intensity(loss: str, output: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """The frame that the decoder's output stands for: sigmoid of the logit for `bce`, else itself.

    Intensities are not clipped; a prediction may leave [0, 1] a little.
    """
    return jax.nn.sigmoid(output) if loss == "bce" else output
