import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vstm.ops.enlargement import enlarge

pytestmark = pytest.mark.usefixtures("strict_promotion")

GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_enlarging_interpolates_between_the_cells_centres(factor, x64):
    maps = GENERATOR.normal(size=(2, 5, 7, 3))
    expected = maps
    for axis in (1, 2):
        length = expected.shape[axis]
        positions = (np.arange(factor * length) + 0.5) / factor - 0.5
        expected = np.apply_along_axis(
            lambda line, at=positions: np.interp(at, np.arange(len(line)), line), axis, expected
        )
    ours = jax.jit(lambda maps: enlarge(maps, factor=factor))(jnp.asarray(maps))
    np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-14)
