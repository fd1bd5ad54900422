"""Two-dimensional convolution: the one interface through which the network convolves.

As everywhere in deep learning, "convolution" is the cross-correlation

    y[p, q, o] = sum_{k, l, i} x[p + k - floor((K-1)/2), q + l - floor((L-1)/2), i] w[k, l, i, o]

with zeros outside the map, stride 1, so that the output has the input's height and width.

It has three implementations, which agree to rounding: `direct` (the platform's own kernels),
`rows` (`vstm.ops.convolution.by_rows`, the same for few outputs on the CPU) and `fourier`
(`vstm.ops.convolution.fourier`, a tenth of the arithmetic, in matrix products). `auto`
takes the last two on the CPU where they save time, and the direct one elsewhere: GPUs and TPUs
have fast convolutions, and there the memory's traffic rather than its arithmetic is the limit.

Source: Table 1 (same-size convolutions); zeros outside and the choice of implementation are ours.
"""

import math
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.convolution.by_rows import RowConvolution
from vstm.ops.convolution.direct import DirectConvolution
from vstm.ops.convolution.fourier_plan import plan_fourier_convolution
from vstm.ops.convolution.precision import with_backward_pass

IMPLEMENTATIONS = ("auto", "direct", "rows", "fourier")
Weights = Any  # arrays, in the form of an implementation


@runtime_checkable
class Convolution(Protocol):
    """A convolution in an implementation's own layout of maps and weights."""

    def arrange(self, maps: jax.Array) -> jax.Array:
        """Maps [B, h, w, c] in that layout."""

    def restore(self, arranged: jax.Array) -> jax.Array:
        """Inverse of `arrange`."""

    def prepare(self, kernel: jax.Array) -> Weights:
        """A kernel [k, l, i, o] as weights."""

    def __call__(self, arranged: jax.Array, weights: Weights) -> jax.Array:
        """Convolves arranged maps with prepared weights."""

    def prepare_transposed(self, kernel: jax.Array) -> Weights:
        """A kernel [k, l, i, o] as weights that `pull` takes."""

    def pull(self, d_outputs: jax.Array, transposed: Weights) -> jax.Array:
        """Cotangent of the maps from that of the outputs."""

    def kernel_gradient(self, arranged: jax.Array, d_outputs: jax.Array) -> jax.Array:
        """Cotangent of the kernel [k, l, i, o], summed over the batch."""

    def merge_steps(self, arranged: jax.Array) -> jax.Array:
        """Arranged maps of many steps, [tau, ...], as one batch."""


def choose_implementation(
    num_maps: int | float,
    kernel_shape: tuple[int, ...],
    platform: str | None = None,
) -> str:
    """What `auto` means.

    On the CPU, the direct form costs k l i o multiplications a pixel, and runs far below the peak
    with few output features or a small kernel; the transforms of the Fourier form cost some 300 a
    pixel and feature (i + o of them), and the coefficients of the kernel some 15 products a weight
    once, however many maps there are. The factors were fitted to timings on two cores with AVX-512.
    For up to four outputs, all rows at once are up to four times as fast as either; so they are
    taken for streams, while training's gradients were not timed.

    Args:
      num_maps: maps that one kernel is prepared for; infinite where it was prepared before.
      kernel_shape: (k, l, i, o).
      platform: as `jax.default_backend()` names it, the default.

    Returns:
      `direct`, `rows` or `fourier`.
    """
    if (platform or jax.default_backend()) != "cpu":
        return "direct"
    height, width, num_inputs, num_outputs = kernel_shape
    if height * width < 9 or num_maps < 4:
        return "direct"
    if math.isinf(num_maps) and num_inputs >= 8 and num_outputs <= 4:
        return "rows"
    direct = max(height * width, 25) * max(num_inputs, 8) * max(num_outputs, 16)
    fourier = 500 * (num_inputs + num_outputs)
    return "fourier" if direct > fourier else "direct"


def plan_convolution(
    implementation: str,
    num_maps: int | float,
    size: tuple[int, ...],
    kernel_shape: tuple[int, ...],
    batch: int,
) -> Convolution:
    """The convolution in an implementation, for maps and kernels of a size.

    Args:
      implementation: one of `IMPLEMENTATIONS`.
      num_maps: maps that one kernel is prepared for; infinite where it was prepared before.
      size: height and width of the maps.
      kernel_shape: (k, l, i, o).
      batch: maps that are convolved at once.

    Returns:
      The convolution; hashable, equal for equal arguments.

    Raises:
      ValueError: another implementation.
    """
    if implementation not in IMPLEMENTATIONS:
        raise ValueError(
            f"unknown convolution {implementation!r}; known: {', '.join(IMPLEMENTATIONS)}"
        )
    if implementation == "auto":
        implementation = choose_implementation(num_maps, kernel_shape)
    if implementation == "direct":
        return DirectConvolution(kernel_shape[:2])
    if implementation == "rows":
        return RowConvolution(kernel_shape[:2])
    return plan_fourier_convolution(size, kernel_shape, batch)


def conv2d(
    inputs: Float[Array, "*b h w i"],
    kernel: Float[Array, "k l i o"],
    implementation: str = "auto",
) -> Float[Array, "*b h w o"]:
    """Convolves maps with a kernel, zero-padded to the same size, stride 1.

    Args:
      inputs: maps, any number of leading axes (batch, time).
      kernel: weights; an even extent pads one row or column less before than after.
      implementation: one of `IMPLEMENTATIONS`.

    Returns:
      Maps of the same height and width with `o` features.

    Raises:
      ValueError: another implementation.
    """
    *leading, height, width, _ = inputs.shape
    num_maps = math.prod(leading)
    convolution = plan_convolution(
        implementation, num_maps, (height, width), kernel.shape, batch=num_maps
    )
    return convolve(convolution, inputs, convolution.prepare(kernel))


def convolve(
    convolution: Convolution, inputs: Float[Array, "*b h w i"], weights: Weights
) -> Float[Array, "*b h w o"]:
    """`conv2d` with a planned convolution and prepared weights."""
    maps = convolution.arrange(inputs.reshape(-1, *inputs.shape[-3:]))
    return convolution.restore(convolution(maps, weights)).reshape(*inputs.shape[:-1], -1)


def sum_maps(maps: Float[Array, "*b h w o"]) -> Float[Array, " o"]:
    """Sum over all but the features; as a matrix product, it uses all cores of a CPU."""
    rows = maps.reshape(-1, maps.shape[-1])
    return jnp.ones(len(rows), rows.dtype) @ rows


def add_bias(maps: Float[Array, "*b h w o"], bias: Float[Array, " o"]) -> Float[Array, "*b h w o"]:
    """Adds one bias a feature; its gradient is formed by `sum_maps`."""
    biased: jax.Array = _add_bias(maps, bias)
    return biased


def _add_bias_fwd(maps, bias):
    return maps + bias, None


def _add_bias_bwd(_, d_outputs):
    return d_outputs, sum_maps(d_outputs)


_add_bias = with_backward_pass(_add_bias_fwd, _add_bias_bwd, num_settings=0)
