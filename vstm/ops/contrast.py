"""Mean and deviation of frames, by which their contrast is normalised. Source: choice."""

import jax.numpy as jnp
from jaxtyping import Array, Float

MIN_DEVIATION = 0.02  # of a frame's intensities, so that noise on a flat frame stays small


def contrast(
    frames: Float[Array, "*b H W c"],
) -> tuple[Float[Array, "*b 1 1 1"], Float[Array, "*b 1 1 1"]]:
    """Mean and deviation of each frame.

    Args:
      frames: intensities.

    Returns:
      The mean; the root of the variance plus `MIN_DEVIATION` squared.
    """
    mean = jnp.mean(frames, axis=(-3, -2, -1), keepdims=True)
    variance = jnp.mean(jnp.square(frames - mean), axis=(-3, -2, -1), keepdims=True)
    return mean, jnp.sqrt(variance + MIN_DEVIATION**2)
