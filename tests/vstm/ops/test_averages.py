import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from vstm.ops.averages import cell_means, gaussian_blur

pytestmark = pytest.mark.usefixtures("strict_promotion")

GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("deviation", [0.75, 1.5, 3.0])
def test_blur_equals_scipys(deviation, x64):
    maps = GENERATOR.normal(size=(2, 13, 16, 3))
    radius = int(np.ceil(2 * deviation))
    expected = gaussian_filter(maps, (0, deviation, deviation, 0), mode="nearest", radius=radius)
    ours = jax.jit(gaussian_blur, static_argnums=1)(jnp.asarray(maps), deviation)
    np.testing.assert_allclose(ours, expected, rtol=1e-12)


def test_cell_means_equal_a_loop(x64):
    maps = GENERATOR.normal(size=(2, 6, 9, 2))
    expected = np.zeros((2, 2, 3, 2))
    for row, column in np.ndindex(2, 3):
        cell = maps[:, 3 * row : 3 * row + 3, 3 * column : 3 * column + 3]
        expected[:, row, column] = cell.mean(axis=(1, 2))
    np.testing.assert_allclose(cell_means(jnp.asarray(maps), 3), expected, rtol=1e-12)
