"""Local averages of maps: weighted by a Gaussian, or over cells. Source: choice."""

import math

import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.borders import shifted_maps


def gaussian_blur(maps: Float[Array, "*b h w c"], deviation: float) -> Float[Array, "*b h w c"]:
    """Means of maps, weighted by a Gaussian that ends at two deviations; the border is repeated.

    Args:
      maps: any unit.
      deviation: of the Gaussian, pixels, above 0.

    Returns:
      Maps of the same size.
    """
    reach = math.ceil(2 * deviation)
    offsets = range(-reach, reach + 1)
    weights = [math.exp(-0.5 * (offset / deviation) ** 2) for offset in offsets]
    total = sum(weights)
    for axis in (-3, -2):
        terms = zip(weights, shifted_maps(maps, axis, reach), strict=True)
        maps = sum((weight / total * each for weight, each in terms), jnp.zeros_like(maps))
    return maps


def cell_means(maps: Float[Array, "*b H W c"], side: int) -> Float[Array, "*b h w c"]:
    """Means over cells of so many pixels a side, which divides H and W."""
    if side == 1:
        return maps
    *leading, height, width, channels = maps.shape
    cells = maps.reshape(*leading, height // side, side, width // side, side, channels)
    return cells.mean(axis=(-4, -2))
