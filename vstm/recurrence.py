"""Gated recurrences scanned over time, with every weight gradient formed once.

Both memories (convolutional and dense) have the form

    z_t        = a_t + linear(h_{t-1}, w)        gate sums; a_t holds inputs and biases
    (c_t, h_t) = update(z_t, c_{t-1}, p)         pointwise; p are peepholes, if any

The input part a_t does not depend on the state, so callers form it for all frames in one batch
before the scan. Plain autodiff of the scan would add to the gradient of w at every step; here the
backward scan only carries the state's cotangents back and stacks the gate gradients dL/dz_t.
The weight gradient is the transpose of `linear` applied once to all steps together.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax

Carry = tuple[jax.Array, jax.Array]  # (c, h)
Linear = Callable[[jax.Array, jax.Array], jax.Array]
Update = Callable[[jax.Array, jax.Array, Any], Carry]


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def gated_scan(
    linear: Linear,
    update: Update,
    kernel: jax.Array,
    peepholes: Any,
    gate_inputs: jax.Array,
    carry: Carry,
) -> tuple[Carry, jax.Array]:
    """Scans a gated recurrence over the leading (time) axis.

    Args:
      linear: recurrent map (h [n, ...], w) -> gate sums [n, ..., 4d]; linear in each argument and
        independent over its leading axis. A module-level function (it is a static argument).
      update: (z, c, p) -> (c', h'), pointwise. A module-level function.
      kernel: recurrent weights w.
      peepholes: pytree p of further weights of `update`; None where it has none.
      gate_inputs: a_t for all steps, [tau, B, ..., 4d].
      carry: initial state (c, h), each [B, ..., d].

    Returns:
      The last state (c, h), and the outputs h_t of all steps, [tau, B, ..., d].
    """
    (last, outputs), _ = _gated_scan_fwd(linear, update, kernel, peepholes, gate_inputs, carry)
    return last, outputs


def _gated_scan_fwd(linear, update, kernel, peepholes, gate_inputs, carry):
    def step(carry, gate_input):
        c, h = carry
        gates = gate_input + linear(h, kernel)
        carry = update(gates, c, peepholes)
        return carry, (carry[1], gates, c, h)

    last, (outputs, gates, cells, hiddens) = jax.lax.scan(step, carry, gate_inputs)
    return (last, outputs), (kernel, peepholes, gates, cells, hiddens)


def _gated_scan_bwd(linear, update, residuals, cotangents):
    kernel, peepholes, gates, cells, hiddens = residuals
    d_last, d_outputs = cotangents

    def step(d_carry, inputs):
        gates, c, d_output = inputs
        d_cell, d_hidden = d_carry
        d_state = (d_cell, d_hidden + d_output)
        _, pull_update = jax.vjp(lambda gates, c: update(gates, c, peepholes), gates, c)
        d_gates, d_cell = pull_update(d_state)
        # The map is linear, so its transpose is the same at any h: one of the right shape will do.
        _, pull_linear = jax.vjp(lambda h: linear(h, kernel), d_output)
        (d_hidden,) = pull_linear(d_gates)
        return (d_cell, d_hidden), (d_gates, d_state)

    d_carry, (d_gates, d_states) = jax.lax.scan(
        step, d_last, (gates, cells, d_outputs), reverse=True
    )

    def all_steps(array):
        return array.reshape(-1, *array.shape[2:])

    _, pull_kernel = jax.vjp(lambda kernel: linear(all_steps(hiddens), kernel), kernel)
    (d_kernel,) = pull_kernel(all_steps(d_gates))
    _, pull_peepholes = jax.vjp(lambda peepholes: update(gates, cells, peepholes), peepholes)
    (d_peepholes,) = pull_peepholes(d_states)
    return d_kernel, d_peepholes, d_gates, d_carry


gated_scan.defvjp(_gated_scan_fwd, _gated_scan_bwd)
