"""Convolution and 2x2 max-pooling, as one convolution of cells of 2x2 pixels.

A product with a handful of inputs and outputs leaves most of a CPU's vectors empty. Here the four
pixels of a cell become features: a kernel of k x k pixels, i inputs and o outputs, k = 4 n + 3, is
one of (k + 1) / 2 cells a side, 4 i inputs and 4 o outputs, for 1.3 times the products at k = 7.
Pooling is then the largest of four features, and the map before it is never made.

Source: choice; the reverse of Shi et al. 2016, as `vstm.ops.convolution.upsampled`.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

FEW_INPUTS = 4  # up to which this is faster than pixel by pixel, on a CPU


def cells_of_pixels(maps: Float[Array, "*b H W i"]) -> Float[Array, "*b p q four_i"]:
    """Maps as cells, p = H / 2 + 1 and q = W / 2 + 1; cell c holds the pixels 2 c - 1 and 2 c.

    So shifted, the kernel's cells reach as far as the kernel; what is outside the maps is zero.
    """
    wide = jnp.pad(maps, [(0, 0)] * (maps.ndim - 3) + [(1, 1), (1, 1), (0, 0)])
    pixels = [wide[..., row::2, column::2, :] for row in range(2) for column in range(2)]
    return jnp.concatenate(pixels, axis=-1)


def cell_kernel(kernel: Float[Array, "k k i o"]) -> Float[Array, "c c four_i four_o"]:
    """The kernel of the cells, c = (k + 1) / 2; inputs and outputs pixel by pixel, row by row."""
    size = kernel.shape[0]
    assert size % 4 == 3, size
    # Of the pixels that the cells hold, output pixel a sees number a + k with tap k.
    held = np.arange(2)[:, None] + np.arange(size)
    taps = held[:, None, None] == np.arange(size + 1).reshape(-1, 2)[None, :, :, None]
    rows = columns = jnp.asarray(taps, kernel.dtype)  # [output pixel, cell, input pixel, tap]
    merged = jnp.einsum("apck,bqdl,klio->pqcdiabo", rows, columns, kernel)
    cells = (size + 1) // 2
    return merged.reshape(cells, cells, 4 * kernel.shape[2], 4 * kernel.shape[3])


def pool_cells(outputs: Float[Array, "*b p q four_o"]) -> Float[Array, "*b h w o"]:
    """The largest of each cell's four outputs, h = p - 1 and w = q - 1.

    Where values tie, the gradient is shared equally among them.
    """
    *leading, height, width, features = outputs.shape
    cells = outputs[..., :-1, :-1, :].reshape(*leading, height - 1, width - 1, 4, features // 4)
    return cells.max(axis=-2)
