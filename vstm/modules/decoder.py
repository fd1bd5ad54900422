"""Spatial decoder D: the encoder's mirror, without non-linearity."""

import flax.linen as nn
import jax

from vstm.modules.conv_layer import Conv2D

KERNEL_SIZE = 7


class Decoder(nn.Module):
    """For each CPD module of the encoder: upsampling by two, then a 7x7 convolution with bias.

    Attributes:
      features: output features of each convolution but the last, whose are the frame's channels.
      convolution: the convolutions' implementation, see `vstm.ops.convolution.convolve`.
      zero_start: whether the last convolution starts at zero, hence so does the output.

    Source: section 3.1, Table 1.
    """

    features: tuple[int, ...]
    convolution: str = "auto"
    zero_start: bool = False

    @nn.compact
    def __call__(self, features: jax.Array, channels: int) -> jax.Array:
        """Features [..., h, w, d] to a frame [..., h * 2^n, w * 2^n, channels], unbounded."""
        maps = features
        xavier, zeros = nn.initializers.xavier_uniform(), nn.initializers.zeros
        for layer, num_features in enumerate((*self.features, channels)):
            init = zeros if self.zero_start and layer == len(self.features) else xavier
            conv = Conv2D(num_features, KERNEL_SIZE, init, self.convolution, upsampled=True)
            maps = conv(maps)
        return maps
