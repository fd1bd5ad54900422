"""The weight by which sequences count alike, however much moves in them.

On real video a fast pan has ten thousand times the squared error of a talking head; where errors
are added up as they are, only the fastest sequences are learnt from.

Source: choice.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

LEAST_ERROR = 3e-5  # of a copy, squared intensity: 1.4 grey levels of 255


def copy_weight(
    last: Float[Array, "b n H W c"], target: Float[Array, "b n H W c"]
) -> Float[Array, "b 1 1 1 1"]:
    """One over the squared error of copying the last frames of a sequence.

    Args:
      last: the frames before the targets, intensities.
      target: the next ones.

    Returns:
      1 / (mean squared difference + `LEAST_ERROR`) of each sequence; no gradient passes.
    """
    error = jnp.mean(jnp.square(target - last), axis=(1, 2, 3, 4), keepdims=True)
    return jax.lax.stop_gradient(1 / (error + LEAST_ERROR))
