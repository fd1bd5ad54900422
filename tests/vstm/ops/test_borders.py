import jax.numpy as jnp
import numpy as np
import pytest

from vstm.ops.borders import shifted_maps


@pytest.mark.parametrize("axis", [-3, -2])
@pytest.mark.parametrize("reach", [1, 4])
def test_shifted_maps_repeat_the_border(axis, reach):
    maps = np.arange(2 * 3 * 5 * 2.0).reshape(2, 3, 5, 2)
    length = maps.shape[axis]
    for offset, ours in enumerate(shifted_maps(jnp.asarray(maps), axis, reach), -reach):
        places = np.clip(np.arange(length) + offset, 0, length - 1)
        np.testing.assert_array_equal(ours, np.take(maps, places, axis))
