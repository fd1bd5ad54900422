"""Convolutional LSTM (eq. 1 of the paper), without peepholes.

    i, f, o = sigmoid(x_t * w_x + h_{t-1} * w_h + b)      one kernel pair and one bias a gate
    c~      = tanh(x_t * w_x + h_{t-1} * w_h + b)
    c_t     = c~ i + c_{t-1} f
    h_t     = o tanh(c_t)

The four gates are stored side by side in the last axis, in the order i, f, c~, o.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.convolution import conv2d
from vstm.recurrence import Carry, gated_scan


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


def conv_lstm_scan(
    params: ConvLSTMParams, carry: Carry, features: Float[Array, "t b h w d"]
) -> tuple[Carry, Float[Array, "t b h w n"]]:
    """`conv_lstm_step` over the tau frames of the leading axis.

    The input-to-gate convolution of all frames is one batch outside the scan; the backward pass
    forms each weight gradient once (see `vstm.recurrence`).

    Args:
      params: weights of the layer.
      carry: initial (c, h), each [B, h, w, n].
      features: x_1 .. x_tau.

    Returns:
      The last (c, h) and the outputs h_1 .. h_tau.

    Source: eq. 1, Figure 2.
    """
    gate_inputs = conv2d(features, params.input_kernel) + params.bias
    return gated_scan(conv2d, lstm_update, params.hidden_kernel, None, gate_inputs, carry)
