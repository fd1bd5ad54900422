"""Spatial encoder E: convolution, tanh, max-pooling with downsampling."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from vstm.modules.conv_layer import convolve_maps
from vstm.ops.convolution.by_cells import FEW_INPUTS, cell_kernel, cells_of_pixels, pool_cells
from vstm.ops.convolution.convolve import add_bias

KERNEL_SIZE = 7


@jax.custom_vjp
def max_pool(maps: jax.Array) -> jax.Array:
    """2x2 max-pooling with stride 2: [..., h, w, d] to [..., h/2, w/2, d].

    Where values tie, the gradient is shared equally among them.
    """
    rows = jnp.maximum(maps[..., ::2, :, :], maps[..., 1::2, :, :])
    return jnp.maximum(rows[..., ::2, :], rows[..., 1::2, :])


def _max_pool_fwd(maps):
    pooled = max_pool(maps)
    return pooled, (maps, pooled)


def _max_pool_bwd(residuals, d_pooled):
    maps, pooled = residuals
    *leading, height, width, features = pooled.shape
    cells = maps.reshape(*leading, height, 2, width, 2, features)
    largest = cells == pooled[..., :, None, :, None, :]
    # Summed term by term, which is vectorised over the features; a reduction would not be.
    num_largest = sum(
        largest[..., :, i, :, j, :].astype(d_pooled.dtype) for i in range(2) for j in range(2)
    )
    share = d_pooled / num_largest
    d_cells = jnp.where(largest, share[..., :, None, :, None, :], 0)
    return (d_cells.reshape(maps.shape),)


max_pool.defvjp(_max_pool_fwd, _max_pool_bwd)


class CPD(nn.Module):
    """Convolution with bias, tanh, 2x2 max-pooling with stride 2.

    tanh and the addition of the bias are monotonic, so they come after the pooling, where a quarter
    of the values is left. On a CPU, maps of few features are convolved by cells, see
    `vstm.ops.convolution.by_cells`. Xavier-uniform kernel, bias 0.

    Attributes:
      features: output features.
      convolution: the convolution's implementation, see `vstm.ops.convolution.convolve`.

    Source: section 3.1, Table 1; section 4 (initialisation).
    """

    features: int
    convolution: str = "auto"

    @nn.compact
    def __call__(self, maps: jax.Array) -> jax.Array:
        """Maps [..., h, w, d] to [..., h/2, w/2, features]."""
        shape = (KERNEL_SIZE, KERNEL_SIZE, maps.shape[-1], self.features)
        kernel = self.param("kernel", nn.initializers.xavier_uniform(), shape)
        bias = self.param("bias", nn.initializers.zeros, (self.features,))
        if maps.shape[-1] <= FEW_INPUTS and jax.default_backend() == "cpu":
            cells = cells_of_pixels(maps)
            pooled = pool_cells(convolve_maps(self, cells, cell_kernel(kernel), self.convolution))
        else:
            pooled = max_pool(convolve_maps(self, maps, kernel, self.convolution))
        return jnp.tanh(add_bias(pooled, bias))


class Encoder(nn.Module):
    """CPD modules, one after the other.

    Attributes:
      features: output features of each module.
      convolution: the convolutions' implementation, see `vstm.ops.convolution.convolve`.

    Source: section 3.1, Table 1; two modules: the 2enc variants of Table 2.
    """

    features: tuple[int, ...]
    convolution: str = "auto"

    @nn.compact
    def __call__(self, frames: jax.Array) -> jax.Array:
        """Frames [..., H, W, C] to features [..., H / 2^n, W / 2^n, d] for n modules.

        Raises:
          ValueError: the height or width is not divisible by 2^n.
        """
        height, width = frames.shape[-3:-1]
        downsampling = 2 ** len(self.features)
        if height % downsampling or width % downsampling:
            raise ValueError(
                f"frames of {height}x{width} pixels: height and width must be divisible by "
                f"{downsampling}, for {len(self.features)} poolings by two"
            )
        maps = frames
        for features in self.features:
            maps = CPD(features, self.convolution)(maps)
        return maps
