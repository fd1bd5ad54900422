import jax
import numpy as np
import pytest
from made_model import KEY

from vstm.modules.memory import DenseMemory

pytestmark = pytest.mark.usefixtures("strict_promotion")


def test_dense_memory_reads_units_as_maps():
    features = np.random.default_rng(0).normal(size=(2, 3, 4, 5, 6)).astype(np.float32)
    memory = DenseMemory((2, 1), 0.08)
    variables = jax.jit(memory.init)(KEY, features, None)
    state, maps = jax.jit(memory.apply)(variables, features, None)
    assert maps.shape == (2, 3, 4, 5, 1)
    np.testing.assert_array_equal(maps[-1].reshape(3, -1), state[-1][1])
