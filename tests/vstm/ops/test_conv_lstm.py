from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from jax.test_util import check_grads
from made_conv_lstm import (
    BATCH,
    HEIGHT,
    INPUTS,
    KERNEL,
    MEMORY,
    WIDTH,
    random_arguments,
    random_frames,
    random_params,
    random_state,
    with_each_convolution,
)

from vstm.ops.conv_lstm import (
    STEPS_A_GRADIENT,
    ConvLSTMParams,
    concatenated_kernel,
    conv_lstm_scan,
    conv_lstm_step,
    zero_carry,
)

pytestmark = pytest.mark.usefixtures("strict_promotion")


def step_loops(params, carry, frame):
    """Eq. 1 of the paper, pixel by pixel, gate by gate."""
    w_x, w_h, bias = (np.asarray(a) for a in params)
    c, h, frame = (np.asarray(a) for a in (*carry, frame))
    c_next, h_next = np.zeros_like(c), np.zeros_like(h)

    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    for b in range(BATCH):
        for y in range(HEIGHT):
            for x in range(WIDTH):
                sums = bias.copy()
                for k in range(KERNEL):
                    for m in range(KERNEL):
                        source_y, source_x = y + k - KERNEL // 2, x + m - KERNEL // 2
                        if 0 <= source_y < HEIGHT and 0 <= source_x < WIDTH:
                            sums += frame[b, source_y, source_x] @ w_x[k, m]
                            sums += h[b, source_y, source_x] @ w_h[k, m]
                for n in range(MEMORY):
                    i, f = sigmoid(sums[n]), sigmoid(sums[MEMORY + n])
                    candidate, o = np.tanh(sums[2 * MEMORY + n]), sigmoid(sums[3 * MEMORY + n])
                    c_next[b, y, x, n] = candidate * i + c[b, y, x, n] * f
                    h_next[b, y, x, n] = o * np.tanh(c_next[b, y, x, n])
    return c_next, h_next


@jax.jit
def unrolled(params, carry, frames):
    outputs = []
    for frame in frames:
        carry = conv_lstm_step(params, carry, frame)
        outputs.append(carry[1])
    return carry, jnp.stack(outputs)


def test_step_equals_loops(x64):
    generator = np.random.default_rng(0)
    params, carry = random_params(generator), random_state(generator)
    frame = random_frames(generator)[0]
    for ours, expected in zip(
        jax.jit(conv_lstm_step)(params, carry, frame),
        step_loops(params, carry, frame),
        strict=True,
    ):
        np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)


def test_step_equals_flax_cell(x64):
    generator = np.random.default_rng(1)
    params, carry = random_params(generator), random_state(generator)
    frame = random_frames(generator)[0]
    cell = nn.ConvLSTMCell(MEMORY, (KERNEL, KERNEL), param_dtype=jnp.float64)
    # flax keeps the gates in the order i, candidate, f, o and adds 1 to f itself
    order = np.concatenate([np.arange(MEMORY) + MEMORY * gate for gate in (0, 2, 1, 3)])
    bias = np.array(params.bias)
    bias[MEMORY : 2 * MEMORY] -= 1
    flax_params = {
        "ih": {"kernel": params.input_kernel[..., order], "bias": bias[order]},
        "hh": {"kernel": params.hidden_kernel[..., order]},
    }
    if "bias" in jax.eval_shape(cell.init, jax.random.key(0), carry, frame)["params"]["hh"]:
        flax_params["hh"]["bias"] = np.zeros_like(params.bias)
    (c, h), _ = jax.jit(cell.apply)({"params": flax_params}, carry, frame)
    ours_c, ours_h = jax.jit(conv_lstm_step)(params, carry, frame)
    np.testing.assert_allclose(ours_c, c, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ours_h, h, rtol=1e-10, atol=1e-12)


def assert_trees_close(ours, expected, **tolerances):
    jax.tree.map(partial(np.testing.assert_allclose, **tolerances), ours, expected)


@pytest.mark.parametrize("jit", [False, True])
@with_each_convolution
def test_scan_equals_unrolled_loop(convolution, jit, x64):
    arguments = random_arguments(2)
    scan = partial(conv_lstm_scan, convolution=convolution)
    ours = (jax.jit(scan) if jit else scan)(*arguments)
    assert_trees_close(ours, unrolled(*arguments), rtol=1e-12, atol=1e-12)


def test_convolution_is_chosen_where_none_is_given(x64):
    arguments = random_arguments(2)
    ours = jax.jit(conv_lstm_scan)(*arguments)
    assert_trees_close(ours, unrolled(*arguments), rtol=1e-12, atol=1e-12)


@with_each_convolution
def test_gradients_equal_those_of_unrolled_loop(convolution, x64):
    arguments = random_arguments(3)
    scan = partial(conv_lstm_scan, convolution=convolution)
    generator = np.random.default_rng(3)
    outputs = jax.eval_shape(unrolled, *arguments)
    cotangents = jax.tree.map(lambda a: generator.normal(size=a.shape), outputs)

    def pull(function, cotangents):
        return jax.vjp(function, *arguments)[1](cotangents)

    ours, expected = (jax.jit(partial(pull, function))(cotangents) for function in (scan, unrolled))
    assert_trees_close(ours, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("tau", [STEPS_A_GRADIENT + 1, 12, 2 * STEPS_A_GRADIENT])
@with_each_convolution
def test_gradients_of_many_steps_equal_those_of_a_plain_scan(convolution, tau, x64):
    generator = np.random.default_rng(7)
    params, carry = random_params(generator), random_state(generator)
    frames = jnp.asarray(generator.normal(size=(tau, BATCH, HEIGHT, WIDTH, INPUTS)))
    d_outputs = generator.normal(size=(tau, BATCH, HEIGHT, WIDTH, MEMORY))

    def plain_scan(params):
        def step(carry, frame):
            carry = conv_lstm_step(params, carry, frame)
            return carry, carry[1]

        return jax.lax.scan(step, carry, frames)[1]

    def scan(params):
        return conv_lstm_scan(params, carry, frames, convolution)[1]

    @jax.jit
    def pull(params, d_outputs):
        return [jax.vjp(function, params)[1](d_outputs) for function in (scan, plain_scan)]

    ours, expected = pull(params, d_outputs)
    assert_trees_close(ours, expected, rtol=1e-10, atol=1e-10)


@with_each_convolution
def test_gradients_equal_finite_differences(convolution, x64):
    scan = jax.jit(partial(conv_lstm_scan, convolution=convolution))
    check_grads(scan, random_arguments(4), order=1, modes=["rev"])


@with_each_convolution
def test_prepared_weights_stand_in_for_the_kernels(convolution, x64):
    params, carry, frames = random_arguments(6)
    kernels_gone = ConvLSTMParams(
        np.full(params.input_kernel.shape, np.nan),
        np.full(params.hidden_kernel.shape, np.nan),
        params.bias,
    )

    @jax.jit
    def prepare_and_scan(params, kernels_gone):
        prepared = convolution.prepare(concatenated_kernel(params))
        return conv_lstm_scan(kernels_gone, carry, frames, convolution, prepared)

    ours = prepare_and_scan(params, kernels_gone)
    assert_trees_close(ours, unrolled(params, carry, frames), rtol=1e-12, atol=1e-12)


def test_zero_carry_has_the_memorys_shape():
    params = ConvLSTMParams(jnp.zeros((3, 3, 2, 20)), jnp.zeros((3, 3, 5, 20)), jnp.zeros(20))
    for state in zero_carry(params, jnp.ones((7, 6, 4, 2))):
        assert state.shape == (7, 6, 4, 5)
        assert not state.any()
