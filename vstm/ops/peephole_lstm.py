"""Fully connected LSTM with diagonal peepholes, the memory of the fc variants.

    i   = sigmoid(x_t w_x + h_{t-1} w_h + p_i c_{t-1} + b)      f likewise with p_f
    c~  = tanh(x_t w_x + h_{t-1} w_h + b)
    c_t = c~ i + c_{t-1} f
    o   = sigmoid(x_t w_x + h_{t-1} w_h + p_o c_t + b)
    h_t = o tanh(c_t)

The four gates are stored side by side in the last axis, in the order i, f, c~, o.

Source: the cell of the authors' recurrent library (Gers, Schraudolph, Schmidhuber 2002), as the
published parameter counts require: three peephole vectors a layer.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.recurrence import Carry, gated_scan


class PeepholeLSTMParams(NamedTuple):
    """Weights of one layer: d inputs, n units; the peepholes are the rows p_i, p_f, p_o."""

    input_kernel: Float[Array, "d 4*n"]
    hidden_kernel: Float[Array, "n 4*n"]
    peepholes: Float[Array, "3 n"]
    bias: Float[Array, "4*n"]


def zero_carry(params: PeepholeLSTMParams, inputs: Float[Array, "... d"]) -> Carry:
    """Zero state (c, h), each [..., n], for inputs of the same batch."""
    zeros = jnp.zeros((*inputs.shape[:-1], params.hidden_kernel.shape[0]), inputs.dtype)
    return zeros, zeros


def dense(inputs: Float[Array, "*b d"], kernel: Float[Array, "d n"]) -> Float[Array, "*b n"]:
    """Matrix product of row vectors with a kernel."""
    return inputs @ kernel


def peephole_update(gates: jax.Array, c: jax.Array, peepholes: jax.Array) -> Carry:
    """Pointwise part: gate sums [..., 4n], c_{t-1} [..., n], peepholes [3, n] to (c_t, h_t)."""
    i, f, candidate, o = jnp.split(gates, 4, axis=-1)
    p_i, p_f, p_o = peepholes
    c_next = jnp.tanh(candidate) * jax.nn.sigmoid(i + p_i * c) + c * jax.nn.sigmoid(f + p_f * c)
    return c_next, jax.nn.sigmoid(o + p_o * c_next) * jnp.tanh(c_next)


def peephole_lstm_step(params: PeepholeLSTMParams, carry: Carry, features: jax.Array) -> Carry:
    """One step.

    Args:
      params: weights of the layer.
      carry: (c, h) of the last step, each [B, n].
      features: x_t, [B, d].

    Returns:
      (c, h) of this step.
    """
    c, h = carry
    gates = dense(features, params.input_kernel) + dense(h, params.hidden_kernel) + params.bias
    return peephole_update(gates, c, params.peepholes)


@dataclass(frozen=True)
class DenseGates:
    """Gate sums a_t + h_{t-1} w as `vstm.ops.recurrence` takes them; a_t = x_t w_x + b."""

    def prepare(self, weights: jax.Array) -> jax.Array:
        """Weights as `__call__` takes them."""
        return weights

    def __call__(self, inputs: jax.Array, h: jax.Array, prepared: jax.Array) -> jax.Array:
        """Gate sums of one step."""
        return inputs + dense(h, prepared)

    def prepare_transposed(self, weights: jax.Array) -> jax.Array:
        """Weights as `pull` takes them."""
        return weights.T

    def pull(self, d_gates: jax.Array, transposed: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Cotangents of a_t and h_{t-1}."""
        return d_gates, dense(d_gates, transposed)

    def weight_gradient(self, inputs: jax.Array, h: jax.Array, d_gates: jax.Array) -> jax.Array:
        """Cotangent of w from all steps, in one product."""
        del inputs
        return jnp.einsum("tbn,tbm->nm", h, d_gates)


def peephole_lstm_scan(
    params: PeepholeLSTMParams,
    carry: Carry,
    features: Float[Array, "t b d"],
    *,
    unroll: int = 1,
) -> tuple[Carry, Float[Array, "t b n"]]:
    """`peephole_lstm_step` over the tau vectors of the leading axis, inputs in one batch.

    Args:
      params: weights of the layer.
      carry: initial (c, h), each [B, n].
      features: x_1 .. x_tau.
      unroll: see `gated_scan`.

    Returns:
      The last (c, h) and the outputs h_1 .. h_tau.
    """
    gate_inputs = dense(features, params.input_kernel) + params.bias
    weights = params.hidden_kernel, params.peepholes
    return gated_scan(DenseGates(), peephole_update, *weights, gate_inputs, carry, unroll)
