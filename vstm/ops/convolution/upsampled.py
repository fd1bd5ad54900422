"""Nearest-neighbour upsampling by two and a convolution, as one convolution of the smaller maps.

Of an upsampled map, a kernel of 7x7 sees 4x4 cells, other ones from each of the four pixels of a
cell. What is added up beforehand are the weights: a kernel of 5x5 with four outputs for each of
the 7x7 one, half the products, and the upsampled map is never made.

Source: choice; the sub-pixel convolution of Shi et al. 2016, for a kernel that is given.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


def upsampled_kernel(kernel: Float[Array, "k k i o"]) -> Float[Array, "c c i four_o"]:
    """The kernel of the smaller maps.

    Args:
      kernel: of the upsampled maps; k = 4 n + 3.

    Returns:
      c = k // 2 + 2, odd; outputs are those of the pixels (0, 0), (0, 1), (1, 0), (1, 1) of a cell,
      row and column, one after the other.
    """
    size = kernel.shape[0]
    reach = size // 2
    assert size % 4 == 3, size
    # Tap k of pixel a of a cell lies in the cell floor((a + k - reach) / 2) further on.
    cells = (np.arange(2)[:, None] + np.arange(size) - reach) // 2 + (reach + 1) // 2
    sums = cells[:, None] == np.arange(reach + 2)[None, :, None]  # [pixel, cell, tap]
    rows = columns = jnp.asarray(sums, kernel.dtype)
    merged = jnp.einsum("apk,bql,klio->pqiabo", rows, columns, kernel)
    return merged.reshape(reach + 2, reach + 2, kernel.shape[2], -1)


def cells_to_pixels(maps: Float[Array, "*b h w four_o"]) -> Float[Array, "*b H W o"]:
    """Outputs of the four pixels of each cell in their places; H = 2 h, W = 2 w."""
    *leading, height, width, outputs = maps.shape
    pixels = maps.reshape(*leading, height, width, 2, 2, outputs // 4)
    pixels = jnp.moveaxis(pixels, -3, -4)
    return pixels.reshape(*leading, 2 * height, 2 * width, outputs // 4)
