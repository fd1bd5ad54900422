"""Spatial encoder E: convolution, tanh, max-pooling with downsampling."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from vstm.conv_layer import Conv2D

KERNEL_SIZE = 7


def max_pool(maps: jax.Array) -> jax.Array:
    """2x2 max-pooling with stride 2: [..., h, w, d] to [..., h/2, w/2, d].

    Where values tie, the gradient is shared among them.
    """
    rows = jnp.maximum(maps[..., ::2, :, :], maps[..., 1::2, :, :])
    return jnp.maximum(rows[..., ::2, :], rows[..., 1::2, :])


class Encoder(nn.Module):
    """CPD modules, one after the other: 7x7 convolution with bias, tanh, 2x2 max-pooling.

    Attributes:
      features: output features of each module.

    Source: section 3.1, Table 1; two modules: the 2enc variants of Table 2.
    """

    features: tuple[int, ...]

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
            maps = max_pool(jnp.tanh(Conv2D(features, KERNEL_SIZE)(maps)))
        return maps
