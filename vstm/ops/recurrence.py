"""Gated recurrences scanned over time, with every weight gradient formed once.

Both memories (convolutional and dense) have the form

    z_t        = gates(x_t, h_{t-1}, w)          gate sums, linear in (x_t, h_{t-1})
    (c_t, h_t) = update(z_t, c_{t-1}, p)         pointwise; p are peepholes, if any

Plain autodiff of the scan would add to the gradient of w at every step; here the backward scan only
carries the state's cotangents back and stacks the gate gradients dL/dz_t, with weights that were
transposed once. The weight gradient is formed from all steps together.

Source: choice; the cells' own equations are in `conv_lstm` and `peephole_lstm`.
"""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp

from vstm.ops.convolution.precision import with_backward_pass

Carry = tuple[jax.Array, jax.Array]  # (c, h)
Update = Callable[[jax.Array, jax.Array, Any], Carry]


@runtime_checkable
class Gates(Protocol):
    """Gate sums as a map linear in its inputs and state, with its transposes. Hashable."""

    def prepare(self, weights: Any) -> Any:
        """Weights in the form that `__call__` takes; made once for all steps."""

    def __call__(self, inputs: jax.Array, h: jax.Array, prepared: Any) -> jax.Array:
        """Gate sums of one step."""

    def prepare_transposed(self, weights: Any) -> Any:
        """Weights in the form that `pull` takes; made once for all steps."""

    def pull(self, d_gates: jax.Array, transposed: Any) -> tuple[jax.Array, jax.Array]:
        """Cotangents of inputs and h of one step from that of the gate sums."""

    def weight_gradient(self, inputs: jax.Array, h: jax.Array, d_gates: jax.Array) -> Any:
        """Cotangent of the weights; all arguments have a leading axis of steps."""


def gated_scan(
    gates: Gates,
    update: Update,
    weights: Any,
    peepholes: Any,
    inputs: jax.Array,
    carry: Carry,
    unroll: int,
) -> tuple[Carry, jax.Array]:
    """Scans a gated recurrence over the leading (time) axis.

    Args:
      gates: the linear part.
      update: (z, c, p) -> (c', h'), pointwise. A module-level function.
      weights: w, a pytree that `gates` understands.
      peepholes: pytree p of further weights of `update`; None where it has none.
      inputs: x_t of all steps, [tau, ...].
      carry: initial state (c, h).
      unroll: steps in one iteration of the compiled loops; results are the same to rounding.

    Returns:
      The last state (c, h), and the outputs h_t of all steps, [tau, ...].
    """
    result: tuple[Carry, jax.Array] = _gated_scan(
        gates, update, unroll, weights, peepholes, inputs, carry
    )
    return result


def scan_steps(
    gates: Gates,
    update: Update,
    prepared: Any,
    peepholes: Any,
    inputs: jax.Array,
    carry: Carry,
    unroll: int,
) -> tuple[Carry, tuple[jax.Array, jax.Array, jax.Array]]:
    """`gated_scan` with prepared weights, without its backward pass.

    Returns:
      The last state; of all steps [tau, ...], the outputs h_t, the gate sums z_t and the cells
      c_{t-1}.
    """

    def step(carry, x):
        c, h = carry
        sums = gates(x, h, prepared)
        carry = update(sums, c, peepholes)
        return carry, (carry[1], sums, c)

    return jax.lax.scan(step, carry, inputs, unroll=unroll)


def _gated_scan_fwd(gates, update, unroll, weights, peepholes, inputs, carry):
    last, (outputs, sums, cells) = scan_steps(
        gates, update, gates.prepare(weights), peepholes, inputs, carry, unroll
    )
    return (last, outputs), (weights, peepholes, inputs, carry[1], outputs, sums, cells)


def _gated_scan_bwd(gates, update, unroll, residuals, cotangents):
    weights, peepholes, inputs, first_h, outputs, sums, cells = residuals
    d_last, d_outputs = cotangents
    transposed = gates.prepare_transposed(weights)

    def step(d_carry, at_step):
        sums, c, d_output = at_step
        d_cell, d_hidden = d_carry
        d_state = (d_cell, d_hidden + d_output)
        _, pull_update = jax.vjp(lambda sums, c: update(sums, c, peepholes), sums, c)
        d_gates, d_cell = pull_update(d_state)
        d_input, d_hidden = gates.pull(d_gates, transposed)
        return (d_cell, d_hidden), (d_gates, d_input, None if peepholes is None else d_state)

    d_carry, (d_gates, d_inputs, d_states) = jax.lax.scan(
        step, d_last, (sums, cells, d_outputs), reverse=True, unroll=unroll
    )
    hiddens = jnp.concatenate([first_h[None], outputs[:-1]])
    d_weights = gates.weight_gradient(inputs, hiddens, d_gates)
    d_peepholes = None
    if peepholes is not None:
        _, pull_peepholes = jax.vjp(lambda peepholes: update(sums, cells, peepholes), peepholes)
        (d_peepholes,) = pull_peepholes(d_states)
    return d_weights, d_peepholes, d_inputs, d_carry


_gated_scan = with_backward_pass(_gated_scan_fwd, _gated_scan_bwd, num_settings=3)
