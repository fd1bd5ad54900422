"""Bilinear enlargement of maps by a whole factor."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.borders import shifted_maps
from vstm.ops.separately import separately


@separately
def enlarge(maps: Float[Array, "*b h w c"], *, factor: int) -> Float[Array, "*b H W c"]:
    """Maps interpolated bilinearly between the cells' centres; the border is repeated.

    The same as `jax.image.resize` by `linear`, which takes products with matrices that are nearly
    all zero: here, each of the `factor` pixels of a cell is a sum over three cells.

    Args:
      maps: any unit.
      factor: pixels of the larger maps a cell, along one side.

    Returns:
      Maps of factor h x factor w.

    Source: choice.
    """
    if factor == 1:
        return maps
    weights = jnp.asarray(_weights(factor), maps.dtype)
    for axis in (-3, -2):
        pixels = sum(
            (
                jnp.expand_dims(cells, axis) * weight.reshape(-1, *(1,) * (-1 - axis))
                for cells, weight in zip(shifted_maps(maps, axis, 1), weights, strict=True)
            ),
            jnp.zeros((), maps.dtype),
        )
        shape = list(maps.shape)
        shape[axis] *= factor
        maps = pixels.reshape(shape)
    return maps


def _weights(factor: int) -> list[list[float]]:
    """Of the cell before, the cell and the one after, for each of a cell's pixels."""
    positions = [(pixel + 0.5) / factor - 0.5 for pixel in range(factor)]  # from the cell's centre
    return [[max(0.0, 1 - abs(position - cell)) for position in positions] for cell in (-1, 0, 1)]
