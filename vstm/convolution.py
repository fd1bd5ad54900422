"""Two-dimensional convolution: the one interface through which the network convolves.

As everywhere in deep learning, "convolution" is the cross-correlation

    y[p, q, o] = sum_{k, l, i} x[p + k - floor((K-1)/2), q + l - floor((L-1)/2), i] w[k, l, i, o]

with zeros outside the map, stride 1, so that the output has the input's height and width.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


@jax.custom_vjp
def conv2d(
    inputs: Float[Array, "*b h w i"], kernel: Float[Array, "k l i o"]
) -> Float[Array, "*b h w o"]:
    """Convolves maps with a kernel, zero-padded to the same size, stride 1.

    Args:
      inputs: maps, any number of leading axes (batch, time).
      kernel: weights; an even extent pads one row or column less before than after.

    Returns:
      Maps of the same height and width with `o` features.
    """
    return _correlate(inputs, kernel, _paddings(kernel))


def _paddings(kernel: jax.Array) -> list[tuple[int, int]]:
    return [((size - 1) // 2, size // 2) for size in kernel.shape[:2]]


def _correlate(inputs: jax.Array, kernel: jax.Array, paddings: list[tuple[int, int]]) -> jax.Array:
    outputs = jax.lax.conv_general_dilated(
        inputs.reshape(-1, *inputs.shape[-3:]),
        kernel,
        window_strides=(1, 1),
        padding=paddings,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    return outputs.reshape(*inputs.shape[:-1], kernel.shape[-1])


def _conv2d_fwd(inputs, kernel):
    return conv2d(inputs, kernel), (inputs, kernel)


def _conv2d_bwd(residuals, d_outputs):
    inputs, kernel = residuals
    # The input gradient is written as a plain convolution with the flipped kernel: what autodiff
    # emits for it (a convolution over reversed windows) runs ten times slower on the CPU when it
    # stands inside a loop.
    paddings = _paddings(kernel)
    transposed = jnp.flip(kernel, (0, 1)).swapaxes(2, 3)
    d_inputs = _correlate(d_outputs, transposed, [(after, before) for before, after in paddings])
    _, pull_kernel = jax.vjp(lambda kernel: _correlate(inputs, kernel, paddings), kernel)
    return d_inputs, *pull_kernel(d_outputs)


conv2d.defvjp(_conv2d_fwd, _conv2d_bwd)
