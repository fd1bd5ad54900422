from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from jax.test_util import check_grads

from vstm.ops.peephole_lstm import (
    PeepholeLSTMParams,
    peephole_lstm_scan,
    peephole_lstm_step,
    zero_carry,
)

pytestmark = pytest.mark.usefixtures("strict_promotion")

TAU, BATCH, INPUTS, UNITS = 4, 2, 3, 5


def random_arguments(seed):
    generator = np.random.default_rng(seed)

    def normal(*shape):
        return jnp.asarray(generator.normal(size=shape))

    params = PeepholeLSTMParams(
        normal(INPUTS, 4 * UNITS), normal(UNITS, 4 * UNITS), normal(3, UNITS), normal(4 * UNITS)
    )
    return params, (normal(BATCH, UNITS), normal(BATCH, UNITS)), normal(TAU, BATCH, INPUTS)


def step_loops(params, carry, inputs):
    w_x, w_h, peepholes, bias = (np.asarray(a) for a in params)
    c, h, inputs = (np.asarray(a) for a in (*carry, inputs))
    c_next, h_next = np.zeros_like(c), np.zeros_like(h)

    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    for b in range(BATCH):
        for n in range(UNITS):
            sums = [
                bias[gate * UNITS + n]
                + sum(inputs[b, j] * w_x[j, gate * UNITS + n] for j in range(INPUTS))
                + sum(h[b, j] * w_h[j, gate * UNITS + n] for j in range(UNITS))
                for gate in range(4)
            ]
            i = sigmoid(sums[0] + peepholes[0, n] * c[b, n])
            f = sigmoid(sums[1] + peepholes[1, n] * c[b, n])
            c_next[b, n] = np.tanh(sums[2]) * i + c[b, n] * f
            o = sigmoid(sums[3] + peepholes[2, n] * c_next[b, n])
            h_next[b, n] = o * np.tanh(c_next[b, n])
    return c_next, h_next


@jax.jit
def unrolled(params, carry, frames):
    outputs = []
    for frame in frames:
        carry = peephole_lstm_step(params, carry, frame)
        outputs.append(carry[1])
    return carry, jnp.stack(outputs)


def test_step_equals_loops(x64):
    params, carry, frames = random_arguments(0)
    for ours, expected in zip(
        jax.jit(peephole_lstm_step)(params, carry, frames[0]),
        step_loops(params, carry, frames[0]),
        strict=True,
    ):
        np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)


def test_step_without_peepholes_equals_flax_cell(x64):
    params, carry, frames = random_arguments(1)
    params = params._replace(peepholes=np.zeros_like(params.peepholes))
    cell_params = {}
    for gate, name in enumerate("ifgo"):
        part = slice(gate * UNITS, (gate + 1) * UNITS)
        cell_params[f"i{name}"] = {"kernel": params.input_kernel[:, part]}
        cell_params[f"h{name}"] = {
            "kernel": params.hidden_kernel[:, part],
            "bias": params.bias[part],
        }
    cell = nn.OptimizedLSTMCell(UNITS, param_dtype=jnp.float64)
    (c, h), _ = jax.jit(cell.apply)({"params": cell_params}, carry, frames[0])
    ours_c, ours_h = jax.jit(peephole_lstm_step)(params, carry, frames[0])
    np.testing.assert_allclose(ours_c, c, rtol=1e-10)
    np.testing.assert_allclose(ours_h, h, rtol=1e-10)


def test_scan_and_gradients_equal_unrolled_loop(x64):
    arguments = random_arguments(2)
    generator = np.random.default_rng(3)
    shapes = jax.eval_shape(unrolled, *arguments)
    cotangents = jax.tree.map(lambda a: generator.normal(size=a.shape), shapes)

    def call_and_pull(function, cotangents):
        outputs, pull = jax.vjp(function, *arguments)
        return outputs, pull(cotangents)

    for ours, expected in zip(
        jax.tree.leaves(jax.jit(partial(call_and_pull, peephole_lstm_scan))(cotangents)),
        jax.tree.leaves(jax.jit(partial(call_and_pull, unrolled))(cotangents)),
        strict=True,
    ):
        np.testing.assert_allclose(ours, expected, rtol=1e-10, atol=1e-12)


def test_gradients_equal_finite_differences(x64):
    check_grads(jax.jit(peephole_lstm_scan), random_arguments(4), order=1, modes=["rev"])


def test_zero_carry_has_one_value_a_unit():
    params, _, frames = random_arguments(5)
    for state in zero_carry(params, frames[0]):
        assert state.shape == (BATCH, UNITS)
        assert not state.any()
