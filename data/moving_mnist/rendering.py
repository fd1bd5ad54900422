"""Frames of moving MNIST made by JAX of what the host draws, equal to the host's bit for bit."""

import jax
import jax.numpy as jnp

from data.moving_mnist.digits import DIGIT_SIZE
from data.moving_mnist.generator import MovingMNISTDraws


def make_frames(images: jax.Array, draws: MovingMNISTDraws, size: int) -> jax.Array:
    """Frames of a batch of sequences.

    Args:
      images: of the digits, see `MovingMNIST`.
      draws: of B sequences, `MovingMNIST.draws` stacked.
      size: H and W, pixels.

    Returns:
      float32 [B, T, H, W, 1] in [0, 1], equal to those of `MovingMNIST`: values are copied and
      compared, never computed with.
    """
    batch, num_frames, *_ = draws["positions"].shape
    digits = jnp.moveaxis(images[draws["chosen"]], 1, 0)  # [n, B, 28, 28]
    corners = jnp.moveaxis(draws["positions"].astype(jnp.int32), 2, 0)  # [n, B, T, 2]

    def show(frame, digit, corner):
        x, y = corner
        below = jax.lax.dynamic_slice(frame, (y, x), (DIGIT_SIZE, DIGIT_SIZE))
        return jax.lax.dynamic_update_slice(frame, jnp.maximum(below, digit), (y, x))

    in_sequences = jax.vmap(jax.vmap(show, in_axes=(0, None, 0)))
    frames, _ = jax.lax.scan(
        lambda frames, layer: (in_sequences(frames, *layer), None),
        jnp.zeros((batch, num_frames, size, size)),
        (digits, corners),
    )
    if "lines" in draws:
        column, row = draws["lines"].T[:, :, None] == jnp.arange(size)
        frames = jnp.where((row[:, :, None] | column[:, None, :])[:, None], 1, frames)
    return frames[..., None]
