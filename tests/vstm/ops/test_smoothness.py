from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vstm.ops.smoothness import flow_roughness, huber, penalise_roughness

pytestmark = pytest.mark.usefixtures("strict_promotion")

DELTA = 1e-3


@pytest.mark.parametrize(
    "value, expected, slope",
    [  # eqs. 2 and 3 by hand, delta = 0.5
        (0.0, 0.0, 0.0),
        (0.2, 0.02, 0.2),
        (-0.2, 0.02, -0.2),
        (0.5, 0.125, 0.5),
        (2.0, 0.875, 0.5),
        (-2.0, 0.875, -0.5),
    ],
)
def test_huber_value_and_slope(value, expected, slope):
    ours = jax.jit(jax.value_and_grad(partial(huber, delta=0.5)))(np.float32(value))
    np.testing.assert_allclose(ours, (expected, slope), rtol=1e-6)


def roughness_loops(flow, delta):
    batch, height, width, channels = flow.shape
    values = []
    for index in np.ndindex(batch, height, width, channels):
        b, y, x, channel = index
        left, right = flow[b, y, max(x - 1, 0), channel], flow[b, y, min(x + 1, width - 1), channel]
        above, below = (
            flow[b, max(y - 1, 0), x, channel],
            flow[b, min(y + 1, height - 1), x, channel],
        )
        for a in ((right - left) / 2, (below - above) / 2):
            values.append(a**2 / 2 if abs(a) <= delta else delta * (abs(a) - delta / 2))
    return np.mean(values)


@pytest.mark.parametrize("size", [1e-4, 1e-2])
def test_roughness_equals_loops(size, x64):
    flow = size * np.random.default_rng(0).normal(size=(2, 4, 5, 2))
    ours = jax.jit(partial(flow_roughness, delta=DELTA))(flow)
    np.testing.assert_allclose(ours, roughness_loops(flow, DELTA), rtol=1e-12)


def test_forward_is_the_identity():
    flow = jnp.asarray(np.random.default_rng(2).normal(size=(2, 4, 5, 2)), jnp.float32)
    np.testing.assert_array_equal(penalise_roughness(flow, delta=DELTA, weight=3.0), flow)


@pytest.mark.parametrize("jit", [False, True])
def test_injected_gradient_equals_that_of_an_explicit_penalty(jit, x64):
    generator = np.random.default_rng(1)
    flow = 1e-3 * generator.normal(size=(2, 6, 5, 2))
    slopes = generator.normal(size=flow.shape)

    def injected(flow):
        return jnp.sum(slopes * penalise_roughness(flow, delta=DELTA, weight=0.7))

    def explicit(flow):
        return jnp.sum(slopes * flow) + 0.7 * flow_roughness(flow, delta=DELTA)

    gradient = jax.jit(jax.grad(injected)) if jit else jax.grad(injected)
    ours, expected = gradient(jnp.asarray(flow)), jax.jit(jax.grad(explicit))(flow)
    np.testing.assert_allclose(ours, expected, rtol=1e-12)
    # the penalty's share is seen, not lost beside the slopes
    np.testing.assert_allclose(ours - slopes, expected - slopes, rtol=1e-8, atol=1e-16)
    assert np.abs(ours - slopes).max() > 1e-6


def test_injected_gradient_is_finite_and_zero_at_zero_flow():
    @jax.jit
    @jax.grad
    def gradient(flow):
        return jnp.sum(penalise_roughness(flow, delta=DELTA, weight=1.0))

    ours = gradient(np.zeros((1, 4, 4, 2), np.float32))
    np.testing.assert_array_equal(ours, np.ones((1, 4, 4, 2)))


def test_the_weight_may_be_traced_as_a_schedules_is():
    flow = jnp.asarray(np.random.default_rng(0).normal(size=(4, 5, 2)), jnp.float32)

    def gradient(weight):
        return jax.grad(lambda flow: jnp.sum(penalise_roughness(flow, delta=0.1, weight=weight)))(
            flow
        )

    np.testing.assert_allclose(jax.jit(gradient)(jnp.float32(3.0)), gradient(3.0), rtol=1e-6)
    slope = jax.grad(lambda weight: jnp.sum(penalise_roughness(flow, delta=0.1, weight=weight)))
    assert slope(jnp.float32(3.0)) == 0
