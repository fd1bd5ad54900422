import jax
import numpy as np
import pytest

from vstm.ops.spatial_gradient import spatial_gradient

pytestmark = pytest.mark.usefixtures("strict_promotion")


def test_equals_explicit_indexing(x64):
    maps = np.random.default_rng(0).normal(size=(2, 4, 5, 3))
    d_dx, d_dy = np.asarray(jax.jit(spatial_gradient)(maps))
    for y in range(4):
        for x in range(5):
            left, right = maps[:, y, max(x - 1, 0)], maps[:, y, min(x + 1, 4)]
            above, below = maps[:, max(y - 1, 0), x], maps[:, min(y + 1, 3), x]
            np.testing.assert_allclose(d_dx[:, y, x], (right - left) / 2, rtol=1e-14)
            np.testing.assert_allclose(d_dy[:, y, x], (below - above) / 2, rtol=1e-14)


def test_ramp_has_its_slope_inside_and_half_of_it_at_the_border():
    ramp = np.broadcast_to(np.float32([0, 3, 6, 9, 12, 15])[None, :, None], (4, 6, 1))
    d_dx, d_dy = np.asarray(jax.jit(spatial_gradient)(ramp))
    np.testing.assert_array_equal(d_dx[0, :, 0], [1.5, 3, 3, 3, 3, 1.5])
    np.testing.assert_array_equal(d_dy, np.zeros((4, 6, 1)))


def test_constant_map_has_no_gradient_at_the_border():
    assert not np.any(jax.jit(spatial_gradient)(np.full((3, 1, 2), 7, np.float32)))
