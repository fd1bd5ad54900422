"""Maps shifted by a few pixels, with their border repeated outside: for windows and differences."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def shifted_maps(
    maps: Float[Array, "*b h w c"], axis: int, reach: int
) -> list[Float[Array, "*b h w c"]]:
    """Maps as they are seen from -reach to reach pixels further on.

    All are slices of one map that is wider by the border, and is made once. XLA would rather work
    its values out anew wherever they are read, with a branch for the border that keeps sums from
    being vectorised; they then take three to five times as long on a CPU.

    Args:
      maps: any unit.
      axis: -3 for rows, -2 for columns.
      reach: pixels.

    Returns:
      2 reach + 1 maps of the same size; entry reach + k has at p what the maps have at p + k.

    Source: choice.
    """
    length = maps.shape[axis]
    first, last = (
        jnp.repeat(jax.lax.slice_in_dim(maps, start, start + 1, axis=axis), reach, axis=axis)
        for start in (0, length - 1)
    )
    wide = jax.lax.optimization_barrier(jnp.concatenate([first, maps, last], axis=axis))
    return [
        jax.lax.slice_in_dim(wide, start, start + length, axis=axis)
        for start in range(2 * reach + 1)
    ]
