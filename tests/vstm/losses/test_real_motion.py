"""The losses for real video: by a copy's error, Charbonnier, edge-aware."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vstm.losses import LOSSES, copy_weight, edge_aware_roughness
from vstm.losses.charbonnier import charbonnier
from vstm.losses.copy_weight import LEAST_ERROR
from vstm.losses.edge_aware import SCALE, SHARPNESS

pytestmark = pytest.mark.usefixtures("strict_promotion")

GENERATOR = np.random.default_rng(0)


def test_charbonnier_is_quadratic_near_zero_and_linear_far_off(x64):
    scale = 0.1
    near, far = 1e-4, 1e3
    np.testing.assert_allclose(
        charbonnier(jnp.array(near), scale=scale), scale + near**2 / (2 * scale), rtol=1e-10
    )
    np.testing.assert_allclose(charbonnier(jnp.array(-far), scale=scale), far, rtol=1e-8)
    slope = jax.grad(lambda a: charbonnier(a, scale=scale))
    np.testing.assert_allclose(slope(3.0), 3 / np.hypot(3, scale), rtol=1e-12)


def test_copy_weight_is_one_over_the_copys_error_of_each_sequence(x64):
    last, target = GENERATOR.uniform(size=(2, 3, 2, 4, 5, 1))
    expected = [
        1 / (np.mean((a - b) ** 2) + LEAST_ERROR) for a, b in zip(last, target, strict=True)
    ]
    ours = jax.jit(copy_weight)(jnp.asarray(last), jnp.asarray(target))
    np.testing.assert_allclose(ours, np.reshape(expected, (3, 1, 1, 1, 1)), rtol=1e-12)
    slope = jax.grad(lambda target: copy_weight(jnp.asarray(last), target).sum())(
        jnp.asarray(target)
    )
    np.testing.assert_array_equal(slope, np.zeros_like(target))


def test_terms_of_a_loss_are_means_of_weighted_values(x64):
    prediction, target = GENERATOR.uniform(size=(2, 3, 2, 4, 5, 1))
    weight = GENERATOR.uniform(size=(3, 1, 1, 1, 1))
    expected = np.mean(
        [
            w.item() * np.mean((a - b) ** 2)
            for a, b, w in zip(prediction, target, weight, strict=True)
        ]
    )
    ours = LOSSES["intensity"].terms(
        jnp.asarray(prediction), jnp.asarray(target), jnp.asarray(weight)
    )
    np.testing.assert_allclose(ours["intensity"], expected, rtol=1e-12)


@pytest.mark.parametrize("factor", [1, 2])
def test_edge_aware_roughness_equals_a_loop(factor, x64):
    flow = GENERATOR.normal(size=(2, 3, 4, 2))
    frames = GENERATOR.uniform(size=(2, 3 * factor, 4 * factor, 1))
    cells = frames.reshape(2, 3, factor, 4, factor).mean(axis=(2, 4))
    expected = 0.0
    for step in ((1, 0), (0, 1)):
        values = []
        for n, row, column in np.ndindex(2, 3 - step[0], 4 - step[1]):
            there, here = (n, row + step[0], column + step[1]), (n, row, column)
            weight = np.exp(-SHARPNESS * abs(cells[there] - cells[here]))
            values += [weight * np.hypot(d, SCALE) for d in flow[there] - flow[here]]
        expected += np.mean(values)
    ours = jax.jit(edge_aware_roughness)(flow, frames)
    np.testing.assert_allclose(ours, expected, rtol=1e-12)


def test_roughness_counts_less_where_the_frame_has_an_edge():
    flow = jnp.zeros((1, 4, 4, 2)).at[:, :, 2:].set(1.0)
    plain = jnp.full((1, 4, 4, 1), 0.5)
    edged = plain.at[:, :, 2:].set(0.8)
    assert edge_aware_roughness(flow, edged) < 0.2 * edge_aware_roughness(flow, plain)
