"""Shapes of objects: blobs and polygons, as distances from their outline."""

import jax
import jax.numpy as jnp

_HARMONICS = 2, 3, 4, 5
_LARGEST = 0.3  # amplitude of the first harmonic, of the radius
_MOST_EDGES = 7


def draw_shape(key: jax.Array, side: int, density: float, radius: jax.Array) -> jax.Array:
    """Distance from the outline of a blob or a polygon, [side, side], pixels; positive inside.

    Nothing is farther than `radius` from the middle.

    Args:
      key: of random numbers.
      side: texels.
      density: texels a pixel.
      radius: pixels.
    """
    kind, blob, first, second = jax.random.split(key, 4)
    place = (jnp.arange(side) - (side - 1) / 2) / density
    x, y = jnp.broadcast_arrays(place[None, :], place[:, None])
    kind = jax.random.uniform(kind)
    polygon = _polygon(first, x, y, radius)
    pair = jnp.maximum(polygon, _polygon(second, x, y, radius))
    polygon = jnp.where(kind < 0.7, polygon, pair)
    inside = jnp.where(kind < 0.4, _blob(blob, x, y, radius), polygon)
    return jnp.minimum(inside, radius - jnp.hypot(x, y))


def _blob(key, x, y, radius):
    """A circle with harmonics, of the radius at most."""
    amplitude, phase = jax.random.uniform(key, (2, len(_HARMONICS)))
    orders = jnp.array(_HARMONICS)
    amplitude = _LARGEST * amplitude * 2.0 / orders
    phase = 2 * jnp.pi * phase
    length = jnp.maximum(jnp.hypot(x, y), 1e-3)
    angle = jnp.arctan2(y, x)
    edge, slope = 1.0, 0.0
    for order, a, b in zip(_HARMONICS, amplitude, phase, strict=True):
        edge += a * jnp.cos(order * angle + b)
        slope -= a * order * jnp.sin(order * angle + b)
    scale = radius / (1 + amplitude.sum())
    return (scale * edge - length) / jnp.hypot(1, scale * slope / length)


def _polygon(key, x, y, radius):
    """A convex polygon of three edges or more."""
    keys = jax.random.split(key, 3)
    edges = jax.random.randint(keys[0], (), 3, _MOST_EDGES + 1)
    number = jnp.arange(_MOST_EDGES)
    jitter, distance = jax.random.uniform(keys[1], (2, _MOST_EDGES))
    turn = jax.random.uniform(keys[2])
    angle = 2 * jnp.pi * (turn + (number + 0.6 * (jitter - 0.5)) / edges)
    distance = radius * jnp.where(number < edges, 0.25 + 0.5 * distance, 2.0)
    inside = jnp.full_like(x, jnp.inf)
    for a, d in zip(angle, distance, strict=True):
        inside = jnp.minimum(inside, d - jnp.cos(a) * x - jnp.sin(a) * y)
    return inside
