"""Convolution of many inputs to few outputs: all rows of the kernel at once.

A product with a handful of columns leaves most of a CPU's vectors empty. Here a kernel of k x l
pixels and o outputs is taken as one of 1 x l pixels and k o outputs, one for each of its rows; the
k rows' outputs are then added up, each shifted to where it belongs:

    z[p, q, k, o] = sum_{l, i} x[p, q + l, i] w[k, l, i, o]
    y[p, q, o] = sum_k z[p + k, q, k, o]

Source: choice; as many products as the direct form, but in wider matrices.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.convolution.direct import DirectConvolution, correlate


@dataclass(frozen=True)
class RowConvolution(DirectConvolution):
    """`DirectConvolution` by rows of the kernel; gradients of maps and kernel are the direct ones.

    Attributes:
      kernel_size: (k, l).
    """

    def prepare(self, kernel: Float[Array, "k l i o"]) -> Float[Array, "1 l i rows_o"]:
        """Weights that `__call__` takes."""
        rows, columns, inputs, _ = kernel.shape
        del rows
        return kernel.transpose(1, 2, 0, 3).reshape(1, columns, inputs, -1)

    def __call__(
        self, arranged: Float[Array, "*b h w i"], weights: Float[Array, "1 l i rows_o"]
    ) -> Float[Array, "*b h w o"]:
        """Convolves arranged maps with prepared weights."""
        by_row = correlate(arranged, weights, self.paddings())  # of the rows outside, too
        height = arranged.shape[-3]
        terms = jnp.split(by_row, self.kernel_size[0], axis=-1)
        return sum(
            (
                jax.lax.slice_in_dim(term, row, row + height, axis=-3)
                for row, term in enumerate(terms)
            ),
            jnp.zeros((), by_row.dtype),
        )
