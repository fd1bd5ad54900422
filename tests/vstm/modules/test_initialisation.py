from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_model import KEY, initial_parameters

from vstm.model import Autoencoder
from vstm.modules.memory import ConvMemory, DenseMemory
from vstm.variants import get_variant

pytestmark = pytest.mark.usefixtures("strict_promotion")


def test_memory_initialisation():
    features = jnp.zeros((2, 1, 8, 8, 3))
    memory = jax.jit(ConvMemory((4,), 7, 0.08).init)(KEY, features, None)
    params = memory["params"]["ConvLSTM_0"]
    np.testing.assert_array_equal(params["bias"], [0] * 4 + [1] * 4 + [0] * 8)
    for name in ("input_kernel", "hidden_kernel"):
        assert np.abs(params[name]).max() <= 0.08
        np.testing.assert_allclose(np.std(params[name]), 0.16 / np.sqrt(12), rtol=0.05)


@pytest.mark.parametrize(
    "path, fan_in, fan_out",
    [
        (("encoder", "CPD_0"), 49, 49 * 16),
        (("encoder", "CPD_1"), 49 * 16, 49 * 32),
        (("memory", "Dense_0"), 16 * 32, 16 * 8),
        (("flow_head", "Conv2D_0"), 225 * 8, 225 * 2),
        (("decoder", "Conv2D_0"), 49 * 32, 49 * 16),
    ],
)
def test_initialisation_outside_the_memory_is_xavier_uniform(path, fan_in, fan_out):
    config = replace(get_variant("fc-2enc-1LSTM"), frame_size=(16, 16))
    layer = initial_parameters(Autoencoder(config))[path[0]][path[1]]
    bound = np.sqrt(6 / (fan_in + fan_out))
    assert np.abs(layer["kernel"]).max() <= bound
    np.testing.assert_allclose(np.std(layer["kernel"]), bound / np.sqrt(3), rtol=0.1)
    assert not layer["bias"].any()


def test_peephole_lstm_initialisation():
    features = jnp.zeros((2, 1, 4, 4, 3))
    memory = jax.jit(DenseMemory((8,), 0.08).init)(KEY, features, None)
    params = memory["params"]["PeepholeLSTM_0"]
    n = 4 * 4 * 8
    np.testing.assert_array_equal(params["bias"], [0] * n + [1] * n + [0] * 2 * n)
    for name in ("input_kernel", "hidden_kernel", "peepholes"):
        assert np.abs(params[name]).max() <= 0.08
        np.testing.assert_allclose(np.std(params[name]), 0.16 / np.sqrt(12), rtol=0.1)


def test_initial_range_bounds_the_memorys_weights():
    for name in ("conv-1enc-1LSTM", "fc-2enc-1LSTM"):
        config = replace(get_variant(name), frame_size=(16, 16), memory_initial_range=0.02)
        params = initial_parameters(Autoencoder(config))["memory"]
        (layer,) = (params[key] for key in params if "LSTM" in key)
        for kernel in (layer["input_kernel"], layer["hidden_kernel"]):
            assert 0.0199 < np.abs(kernel).max() <= 0.02
            assert np.std(kernel) == pytest.approx(0.04 / 12**0.5, rel=0.02)
