"""Spatial gradient of maps by central differences."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.borders import shifted_maps


def spatial_gradient(maps: Float[Array, "*b h w c"]) -> Float[Array, "2 *b h w c"]:
    """Central differences in x and in y.

    d/dx m[y, x] = (m[y, x + 1] - m[y, x - 1]) / 2, and likewise in y; the border repeats its edge
    value, so that a constant map has zero gradient everywhere.

    Args:
      maps: any unit; needs at least one row and one column.

    Returns:
      Derivatives per pixel, (d/dx, d/dy) on the leading axis.

    Source: the 5-point stencil of section 3.2.2; edge padding is a choice, for zero padding would
    invent a gradient at the border.
    """
    before_x, _, after_x = shifted_maps(maps, -2, 1)
    before_y, _, after_y = shifted_maps(maps, -3, 1)
    return 0.5 * jnp.stack([after_x - before_x, after_y - before_y])
