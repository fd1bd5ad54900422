"""Convolution layer with bias, and weights that are prepared once for many calls."""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from vstm.ops.convolution.convolve import Convolution, Weights, add_bias, convolve, plan_convolution
from vstm.ops.convolution.upsampled import cells_to_pixels, upsampled_kernel

PREPARED = "prepared"  # name of the collection


def prepared_convolution(
    module: nn.Module, implementation: str, num_maps: int, size: tuple[int, ...],
    kernel: jax.Array, batch: int,
) -> tuple[Convolution, Weights | None]:  # fmt: skip
    """The convolution of a module, and its weights where they were prepared before.

    A call of the model with the collection `prepared` mutable stores them, and later calls with
    that collection use them, for the same parameters and shape of frames. What it costs to prepare
    weights then no longer counts in the choice of the implementation.

    Args:
      module: the module that owns the kernel, inside its `__call__`.
      implementation: see `vstm.ops.convolution.convolve`.
      num_maps: maps of this call.
      size: their height and width.
      kernel: [k, l, i, o].
      batch: maps that are convolved at once.

    Returns:
      The convolution; the prepared weights or None.

    Raises:
      ValueError: the weights were prepared for frames of another shape.
    """
    stores = module.is_mutable_collection(PREPARED) and not module.is_initializing()
    stored = module.has_variable(PREPARED, "kernel")
    convolution = plan_convolution(
        implementation, math.inf if stores or stored else num_maps, size, kernel.shape, batch
    )
    if stores:
        module.put_variable(PREPARED, "kernel", convolution.prepare(kernel))
    if not stores and not stored:
        return convolution, None
    weights: Weights = module.get_variable(PREPARED, "kernel")
    shapes, expected = (
        jax.tree.map(lambda array: array.shape, tree)
        for tree in (weights, jax.eval_shape(convolution.prepare, kernel))
    )
    if shapes != expected:
        raise ValueError(
            f"{'/'.join(module.path)}: prepared weights of shape {shapes}, for {num_maps} "
            f"maps of {size[0]}x{size[1]} expected {expected}; prepare them with frames of the "
            "shape that follows"
        )
    return convolution, _in_place_of(weights, kernel)


@jax.custom_vjp
def _in_place_of(weights: Weights, kernel: jax.Array) -> Weights:
    """Prepared weights as they are; refused where a gradient of the kernel would miss them."""
    return weights


def _in_place_of_fwd(weights, kernel):
    if kernel.perturbed and not any(each.perturbed for each in jax.tree.leaves(weights)):
        raise ValueError(
            "a gradient of parameters whose convolutions have prepared weights would be zero; "
            "leave the collection `prepared` out of the variables"
        )
    return jax.tree.map(lambda each: each.value, weights), None


def _in_place_of_bwd(_, d_weights):
    return jax.tree.map(_instantiated, d_weights), None


def _instantiated(cotangent):
    if isinstance(cotangent, jax.custom_derivatives.SymbolicZero):
        return jnp.zeros(cotangent.shape, cotangent.dtype)
    return cotangent


_in_place_of.defvjp(_in_place_of_fwd, _in_place_of_bwd, symbolic_zeros=True)


def convolve_maps(
    module: nn.Module, maps: jax.Array, kernel: jax.Array, implementation: str
) -> jax.Array:
    """`vstm.ops.convolution.convolve.conv2d`, with prepared weights where the module has some.

    Args:
      module: that owns the kernel.
      maps: [..., h, w, i].
      kernel: [k, l, i, o].
      implementation: see `vstm.ops.convolution.convolve`.

    Returns:
      [..., h, w, o].
    """
    *leading, height, width, _ = maps.shape
    num_maps = math.prod(leading)
    convolution, prepared = prepared_convolution(
        module, implementation, num_maps, (height, width), kernel, num_maps
    )
    return convolve(
        convolution, maps, convolution.prepare(kernel) if prepared is None else prepared
    )


class Conv2D(nn.Module):
    """Same-size convolution with bias; Xavier-uniform kernel by default, bias 0.

    Attributes:
      features: output features.
      kernel_size: side of the square kernel, pixels.
      kernel_init: initialiser of the kernel.
      convolution: its implementation, see `vstm.ops.convolution.convolve`.
      upsampled: whether the maps are upsampled by two first, nearest neighbour; for kernels of 3,
        7, 11 and so on pixels, see `vstm.ops.convolution.upsampled`.

    Source: section 4 (Glorot and Bengio 2010); the uniform form is a choice.
    """

    features: int
    kernel_size: int
    kernel_init: nn.initializers.Initializer = nn.initializers.xavier_uniform()
    convolution: str = "auto"
    upsampled: bool = False

    @nn.compact
    def __call__(self, inputs: jax.Array) -> jax.Array:
        """Maps [..., h, w, d] to [..., h, w, features], or twice as many rows and columns."""
        shape = (self.kernel_size, self.kernel_size, inputs.shape[-1], self.features)
        kernel = self.param("kernel", self.kernel_init, shape)
        bias = self.param("bias", nn.initializers.zeros, (self.features,))
        if not self.upsampled:
            return add_bias(convolve_maps(self, inputs, kernel, self.convolution), bias)
        cells = convolve_maps(self, inputs, upsampled_kernel(kernel), self.convolution)
        return add_bias(cells_to_pixels(cells), bias)
