import jax.numpy as jnp
import numpy as np

from vstm.modules.decoder import upsample


def test_upsample_repeats_pixels():
    maps = jnp.array([[1.0, 2.0], [3.0, 4.0]])[..., None]
    expected = [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    np.testing.assert_array_equal(upsample(maps)[..., 0], expected)
