"""Reconstruction losses between the predicted and the true next frame.

Each is a map of one value per pixel, unreduced.
"""

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
