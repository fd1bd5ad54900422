import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from jax.test_util import check_grads

from vstm.conv_lstm import ConvLSTMParams, conv_lstm_scan, conv_lstm_step, zero_carry

pytestmark = pytest.mark.usefixtures("strict_promotion")

TAU, BATCH, HEIGHT, WIDTH, INPUTS, MEMORY, KERNEL = 3, 2, 5, 4, 2, 3, 3


def random_params(generator):
    return ConvLSTMParams(
        jnp.asarray(generator.normal(size=(KERNEL, KERNEL, INPUTS, 4 * MEMORY)) * 0.4),
        jnp.asarray(generator.normal(size=(KERNEL, KERNEL, MEMORY, 4 * MEMORY)) * 0.4),
        jnp.asarray(generator.normal(size=4 * MEMORY)),
    )


def random_state(generator):
    shape = (BATCH, HEIGHT, WIDTH, MEMORY)
    return tuple(jnp.asarray(generator.normal(size=shape)) for _ in range(2))


def random_frames(generator):
    return jnp.asarray(generator.normal(size=(TAU, BATCH, HEIGHT, WIDTH, INPUTS)))


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
        conv_lstm_step(params, carry, frame), step_loops(params, carry, frame), strict=True
    ):
        np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)


def test_step_equals_flax_cell(x64):
    generator = np.random.default_rng(1)
    params, carry = random_params(generator), random_state(generator)
    frame = random_frames(generator)[0]
    cell = nn.ConvLSTMCell(MEMORY, (KERNEL, KERNEL), param_dtype=jnp.float64)
    # flax keeps the gates in the order i, candidate, f, o and adds 1 to f itself
    order = np.concatenate([np.arange(MEMORY) + MEMORY * gate for gate in (0, 2, 1, 3)])
    bias = params.bias.at[MEMORY : 2 * MEMORY].add(-1)
    flax_params = {
        "ih": {"kernel": params.input_kernel[..., order], "bias": bias[order]},
        "hh": {"kernel": params.hidden_kernel[..., order]},
    }
    if "bias" in cell.init(jax.random.key(0), carry, frame)["params"]["hh"]:
        flax_params["hh"]["bias"] = jnp.zeros_like(params.bias)
    (c, h), _ = cell.apply({"params": flax_params}, carry, frame)
    ours_c, ours_h = conv_lstm_step(params, carry, frame)
    np.testing.assert_allclose(ours_c, c, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ours_h, h, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("jit", [False, True])
def test_scan_equals_unrolled_loop(jit, x64):
    generator = np.random.default_rng(2)
    arguments = random_params(generator), random_state(generator), random_frames(generator)
    scan = jax.jit(conv_lstm_scan) if jit else conv_lstm_scan
    for ours, expected in zip(
        jax.tree.leaves(scan(*arguments)), jax.tree.leaves(unrolled(*arguments)), strict=True
    ):
        np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)


def test_gradients_equal_those_of_unrolled_loop(x64):
    generator = np.random.default_rng(3)
    arguments = random_params(generator), random_state(generator), random_frames(generator)
    shapes = jax.eval_shape(conv_lstm_scan, *arguments)
    cotangents = jax.tree.map(lambda s: jnp.asarray(generator.normal(size=s.shape)), shapes)
    _, pull = jax.vjp(conv_lstm_scan, *arguments)
    _, pull_unrolled = jax.vjp(unrolled, *arguments)
    for ours, expected in zip(
        jax.tree.leaves(pull(cotangents)), jax.tree.leaves(pull_unrolled(cotangents)), strict=True
    ):
        np.testing.assert_allclose(ours, expected, rtol=1e-10, atol=1e-12)


def test_gradients_equal_finite_differences(x64):
    generator = np.random.default_rng(4)
    arguments = random_params(generator), random_state(generator), random_frames(generator)
    check_grads(jax.jit(conv_lstm_scan), arguments, order=1, modes=["rev"])


def test_no_weight_gradient_is_accumulated_in_the_backward_scan():
    generator = np.random.default_rng(5)
    params, carry, frames = jax.tree.map(
        lambda a: a.astype(jnp.float32),
        (random_params(generator), random_state(generator), random_frames(generator)),
    )

    def loss(params):
        (_, h), _ = conv_lstm_scan(params, carry, frames)
        return jnp.sum(h)

    jaxpr = jax.make_jaxpr(jax.grad(loss))(params).jaxpr
    scans = [e for e in _all_equations(jaxpr) if e.primitive.name == "scan"]
    assert len(scans) == 2  # one forward, one backward
    weight_shapes = {p.shape for p in params}
    for scan in scans:
        carried = scan.params["num_carry"]
        for result in scan.outvars:
            assert result.aval.shape not in weight_shapes
        assert carried == 2


def _all_equations(jaxpr):
    for equation in jaxpr.eqns:
        yield equation
        for value in equation.params.values():
            for inner in value if isinstance(value, tuple | list) else (value,):
                inner = getattr(inner, "jaxpr", inner)
                if hasattr(inner, "eqns"):
                    yield from _all_equations(inner)


def test_zero_carry_has_the_memorys_shape():
    params = ConvLSTMParams(jnp.zeros((3, 3, 2, 20)), jnp.zeros((3, 3, 5, 20)), jnp.zeros(20))
    for state in zero_carry(params, jnp.ones((7, 6, 4, 2))):
        assert state.shape == (7, 6, 4, 5)
        assert not state.any()
