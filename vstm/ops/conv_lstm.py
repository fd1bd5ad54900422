"""Convolutional LSTM (eq. 1 of the paper), without peepholes.

    i, f, o = sigmoid(x_t * w_x + h_{t-1} * w_h + b)      one kernel pair and one bias per gate
    c~      = tanh(x_t * w_x + h_{t-1} * w_h + b)
    c_t     = c~ i + c_{t-1} f
    h_t     = o tanh(c_t)

The four gates are stored side by side in the last axis, in the order i, f, c~, o.

Source: eq. 1 and Figure 2; Shi et al. 2015 without its peepholes.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.convolution.convolve import Convolution, Weights, conv2d, plan_convolution, sum_maps
from vstm.ops.recurrence import Carry, gated_scan, scan_steps

GateWeights = tuple[Weights, jax.Array]
STEPS_A_GRADIENT = 10  # at most so many steps make one product of the weight gradient


class ConvLSTMParams(NamedTuple):
    """Weights of one ConvLSTM layer: d input and n memory features."""

    input_kernel: Float[Array, "k k d 4*n"]
    hidden_kernel: Float[Array, "k k n 4*n"]
    bias: Float[Array, "4*n"]


def zero_carry(params: ConvLSTMParams, inputs: Float[Array, "... h w d"]) -> Carry:
    """Zero state (c, h), each [..., h, w, n], for maps of the inputs' batch and size."""
    zeros = jnp.zeros((*inputs.shape[:-1], params.hidden_kernel.shape[2]), inputs.dtype)
    return zeros, zeros


def lstm_update(gates: jax.Array, c: jax.Array, peepholes: None = None) -> Carry:
    """Pointwise part of eq. 1: gate sums [..., 4n] and c_{t-1} [..., n] to (c_t, h_t)."""
    del peepholes
    i, f, candidate, o = jnp.split(gates, 4, axis=-1)
    c = jnp.tanh(candidate) * jax.nn.sigmoid(i) + c * jax.nn.sigmoid(f)
    return c, jax.nn.sigmoid(o) * jnp.tanh(c)


def conv_lstm_step(params: ConvLSTMParams, carry: Carry, features: jax.Array) -> Carry:
    """One step of eq. 1.

    Args:
      params: weights of the layer.
      carry: (c, h) of the last step, each [B, h, w, n].
      features: x_t, [B, h, w, d].

    Returns:
      (c, h) of this step.

    Source: eq. 1.
    """
    c, h = carry
    gates = conv2d(features, params.input_kernel) + conv2d(h, params.hidden_kernel) + params.bias
    return lstm_update(gates, c)


@dataclass(frozen=True)
class ConvGates:
    """Gate sums [x_t, h_{t-1}] * w + b as `vstm.ops.recurrence` takes them, on arranged maps.

    The weights are (w [k, k, d + n, 4n], b [4n]).

    Attributes:
      convolution: the implementation.
      num_inputs: features d of x_t.
    """

    convolution: Convolution
    num_inputs: int

    def prepare(self, weights: GateWeights) -> GateWeights:
        """Weights as `__call__` takes them."""
        kernel, bias = weights
        return self.convolution.prepare(kernel), bias

    def __call__(self, inputs: jax.Array, h: jax.Array, prepared: GateWeights) -> jax.Array:
        """Gate sums of one step."""
        kernel, bias = prepared
        return self.convolution(jnp.concatenate([inputs, h], -1), kernel) + bias

    def prepare_transposed(self, weights: GateWeights) -> Weights:
        """Kernel as `pull` takes it."""
        return self.convolution.prepare_transposed(weights[0])

    def pull(self, d_gates: jax.Array, transposed: Weights) -> tuple[jax.Array, jax.Array]:
        """Cotangents of x_t and h_{t-1}."""
        d_maps = self.convolution.pull(d_gates, transposed)
        return d_maps[..., : self.num_inputs], d_maps[..., self.num_inputs :]

    def weight_gradient(self, inputs: jax.Array, h: jax.Array, d_gates: jax.Array) -> GateWeights:
        """Cotangents of kernel and bias from all steps; a few steps at a time bound the memory."""
        tau, merge = len(d_gates), self.convolution.merge_steps
        length = max(n for n in range(1, STEPS_A_GRADIENT + 1) if tau % n == 0)

        def add(d_kernel, steps):
            inputs, h, d_gates = steps
            maps = merge(jnp.concatenate([inputs, h], -1))
            return d_kernel + self.convolution.kernel_gradient(maps, merge(d_gates)), None

        chunks = [a.reshape(tau // length, length, *a.shape[1:]) for a in (inputs, h, d_gates)]
        first = jax.eval_shape(add, 0.0, [chunk[0] for chunk in chunks])[0]
        d_kernel, _ = jax.lax.scan(add, jnp.zeros(first.shape, first.dtype), chunks)
        return d_kernel, sum_maps(d_gates)


def concatenated_kernel(params: ConvLSTMParams) -> jax.Array:
    """The kernel of the convolution of [x_t, h_{t-1}], [k, k, d + n, 4n]."""
    return jnp.concatenate([params.input_kernel, params.hidden_kernel], axis=2)


def conv_lstm_scan(
    params: ConvLSTMParams,
    carry: Carry,
    features: Float[Array, "t b h w d"],
    convolution: Convolution | None = None,
    prepared: Weights | None = None,
    *,
    unroll: int = 1,
) -> tuple[Carry, Float[Array, "t b h w n"]]:
    """`conv_lstm_step` over the tau frames of the leading axis.

    Input and state are convolved together, in the convolution's own layout; the backward pass forms
    the weight gradient once (see `vstm.ops.recurrence`).

    Args:
      params: weights of the layer.
      carry: initial (c, h), each [B, h, w, n].
      features: x_1 .. x_tau.
      convolution: planned for these maps and the `concatenated_kernel`; None for `auto`.
      prepared: that kernel as `convolution.prepare` returned it, for calls without a gradient with
        respect to it; None to prepare it in this call.
      unroll: see `gated_scan`.

    Returns:
      The last (c, h) and the outputs h_1 .. h_tau.

    Source: eq. 1, Figure 2.
    """
    tau, batch, *size, num_inputs = features.shape
    kernel = concatenated_kernel(params)
    if convolution is None:
        convolution = plan_convolution("auto", tau * batch, tuple(size), kernel.shape, batch)
    gates = ConvGates(convolution, num_inputs)
    inputs = jax.vmap(convolution.arrange)(features)
    arranged = convolution.arrange(carry[0]), convolution.arrange(carry[1])
    if prepared is None:
        weights = kernel, params.bias
        (c, h), outputs = gated_scan(gates, lstm_update, weights, None, inputs, arranged, unroll)
    else:
        weights = prepared, params.bias
        (c, h), (outputs, *_) = scan_steps(
            gates, lstm_update, weights, None, inputs, arranged, unroll
        )
    return (convolution.restore(c), convolution.restore(h)), jax.vmap(convolution.restore)(outputs)
