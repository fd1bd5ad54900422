"""The prediction of a frame in colour, by a model that sees grey."""

import jax
import jax.numpy as jnp
import numpy as np

from vstm.ops.warp import warp_within


def coloured(
    colour: np.ndarray, grey: np.ndarray, prediction: np.ndarray, flow: np.ndarray
) -> np.ndarray:
    """Moves the last frame's colours along the flow and brings them to the predicted intensities.

        Y(x, y) = C(x + u, y + v) + (P(x, y) - G(x + u, y + v)),  the border repeated outside

    for each channel of the last frame C, which is G in grey, and the model's prediction P. What is
    added is, with a residual model, the decoder's correction; with others, whatever P differs from
    the moved frame.

    Args:
      colour: uint8 [H, W, 3], the last frame.
      grey: uint8 [H, W], the same as the model saw it.
      prediction: float32 [H, W], intensities of the next frame.
      flow: float32 [H, W, 2], backward, pixels.

    Returns:
      uint8 [H, W, 3].

    Source: choice.
    """
    return np.asarray(_coloured(colour, grey, prediction, flow))


@jax.jit
def _coloured(
    colour: jax.Array, grey: jax.Array, prediction: jax.Array, flow: jax.Array
) -> jax.Array:
    layers = jnp.concatenate([colour, grey[..., None]], axis=-1).astype(jnp.float32) / 255
    moved = warp_within(layers, flow)
    made = moved[..., :3] + (prediction - moved[..., 3])[..., None]
    return jnp.round(255 * jnp.clip(made, 0, 1)).astype(jnp.uint8)
