"""Convolution layer with bias: the parameters that go with `vstm.convolution.conv2d`."""

import flax.linen as nn
import jax

from vstm.convolution import conv2d


class Conv2D(nn.Module):
    """Same-size convolution with bias; Xavier-uniform kernel unless told otherwise, bias 0.

    Attributes:
      features: output features.
      kernel_size: side of the square kernel, pixels.
      kernel_init: initialiser of the kernel.

    Source: section 4 (Glorot and Bengio 2010); the uniform form is a choice.
    """

    features: int
    kernel_size: int
    kernel_init: nn.initializers.Initializer = nn.initializers.xavier_uniform()

    @nn.compact
    def __call__(self, inputs: jax.Array) -> jax.Array:
        """Maps [..., h, w, d] to [..., h, w, features]."""
        shape = (self.kernel_size, self.kernel_size, inputs.shape[-1], self.features)
        kernel = self.param("kernel", self.kernel_init, shape)
        bias = self.param("bias", nn.initializers.zeros, (self.features,))
        return conv2d(inputs, kernel) + bias
