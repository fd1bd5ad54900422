"""Layers seen in an image: samples of their textures, and how far inside a layer a pixel is."""

import jax
import jax.numpy as jnp

from data.scenes.motion import Pose


def image_points(size: int) -> jax.Array:
    """The pixels' centres as complex numbers [H, W], pixels from the image's centre."""
    place = jnp.arange(size) - (size - 1) / 2
    return jax.lax.complex(*jnp.broadcast_arrays(place[None, :], place[:, None]))


def layer_points(pose: Pose, x: jax.Array) -> jax.Array:
    """The layer's points, complex [T, H, W], that points x of the image show, [H, W] or as many."""
    return pose.scale[:, None, None] * x + pose.offset[:, None, None]


def sample(texture: jax.Array, points: jax.Array, density: float) -> jax.Array:
    """Bilinear samples of a periodic texture.

    Args:
      texture: [side, side], or several such arrays [side, side, n].
      points: complex [...], pixels from the texture's middle.
      density: texels a pixel.

    Returns:
      [...] or [..., n].
    """
    side = texture.shape[0]
    x, y = (density * part + (side - 1) / 2 for part in (points.real, points.imag))
    left, top = jnp.floor(x), jnp.floor(y)
    x, y = x - left, y - top
    columns, rows = (
        [(corner.astype(jnp.int32) + step) % side for step in (0, 1)] for corner in (left, top)
    )
    flat = texture.reshape(side * side, *texture.shape[2:])
    a, b, c, d = (
        flat.at[row * side + column].get(mode="promise_in_bounds")
        for row in rows
        for column in columns
    )
    if texture.ndim > 2:
        x, y = x[..., None], y[..., None]
    upper, lower = a + x * (b - a), c + x * (d - c)
    return upper + y * (lower - upper)
