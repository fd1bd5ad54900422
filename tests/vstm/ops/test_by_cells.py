import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.signal import correlate

from vstm.ops.convolution.by_cells import cell_kernel, cells_of_pixels, pool_cells
from vstm.ops.convolution.convolve import conv2d

pytestmark = pytest.mark.usefixtures("strict_promotion")

GENERATOR = np.random.default_rng(0)


@jax.jit
def pooled_by_cells(maps, kernel):
    return pool_cells(conv2d(cells_of_pixels(maps), cell_kernel(kernel), "direct"))


@pytest.mark.parametrize("size", [3, 7])
def test_pooled_cells_are_the_largest_of_four_pixels_convolved(size, x64):
    maps = GENERATOR.normal(size=(2, 6, 10, 2))
    kernel = GENERATOR.normal(size=(size, size, 2, 3))
    ours = pooled_by_cells(maps, kernel)
    for image, pooled in zip(maps, ours, strict=True):
        for feature in range(3):
            whole = sum(
                correlate(image[..., i], kernel[..., i, feature], mode="same") for i in range(2)
            )
            expected = whole.reshape(3, 2, 5, 2).max(axis=(1, 3))
            np.testing.assert_allclose(pooled[..., feature], expected, rtol=1e-10)


def test_values_that_tie_share_the_gradient():
    gradient = jax.grad(lambda cells: pool_cells(cells)[0, 0, 0])(jnp.zeros((2, 2, 4)))
    np.testing.assert_array_equal(gradient[0, 0], np.full(4, 0.25))
    assert not gradient[1:].any() and not gradient[:, 1:].any()
