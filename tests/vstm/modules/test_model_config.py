from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest

from vstm.model import Autoencoder
from vstm.modules.model_config import ModelConfig
from vstm.variants import VARIANTS


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"encoder_features": ()}, r"encoder_features=\(\): expected 1 to 8 layers"),
        ({"memory_features": (24, 0)}, r"memory_features=\(24, 0\): expected 1 to 8 layers of 1"),
        ({"memory_features": (10**9,)}, "memory_features=.*: expected .* 1 to 8192 features"),
        ({"memory": "gru"}, "memory='gru': expected one of conv, fc"),
        ({"output": "logits"}, "output='logits': expected one of logit, intensity"),
        ({"memory_kernel_size": 4}, "memory_kernel_size=4: expected an odd number"),
        ({"memory_kernel_size": 1001}, "memory_kernel_size=1001: expected an odd number"),
        ({"memory": "fc", "memory_kernel_size": 5}, "memory_kernel_size=5: expected 7, as an fc"),
        ({"memory_initial_range": 0.0}, "memory_initial_range=0.0: expected a number above 0"),
        ({"memory_initial_range": float("nan")}, "memory_initial_range=nan: expected a number"),
        ({"memory_initial_range": float("inf")}, "memory_initial_range=inf: expected a number"),
        ({"residual": True}, "residual=True: expected False, as the output is a logit"),
        ({"normalise_contrast": True}, "normalise_contrast=True: expected False, as the output"),
        ({"frame_size": (64,)}, r"frame_size=\(64,\): expected height and width"),
        ({"frame_size": (64, 63)}, r"frame_size=\(64, 63\): .* divisible by 2"),
        ({"frame_size": (10**6, 64)}, "frame_size=.*: expected height and width up to 4096"),
    ],
)
def test_fields_outside_their_range_are_named(changes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        replace(ModelConfig(), **changes)


def test_fields_of_json_make_the_description():
    config = ModelConfig.from_fields({"memory_features": [24, 8], "frame_size": [32, 16]})
    assert config == ModelConfig(memory_features=(24, 8), frame_size=(32, 16))
    assert config.map_size == (16, 8)
    with pytest.raises(TypeError, match="memory_width"):
        ModelConfig.from_fields({"memory_width": 2.0})


@pytest.mark.parametrize("name", VARIANTS)
def test_features_and_kernels_are_what_the_description_says(name):
    variant = VARIANTS[name]
    frames = jax.ShapeDtypeStruct((1, 1, 64, 64, 1), jnp.float32)
    config = replace(variant, memory_features=(5, 3), encoder_features=(4, 6, 7))
    if variant.memory == "conv":
        config = replace(config, memory_kernel_size=3)
    params = jax.eval_shape(Autoencoder(config).init, jax.random.key(0), frames)["params"]
    encoder, memory, decoder = params["encoder"], params["memory"], params["decoder"]
    assert [encoder[f"CPD_{i}"]["kernel"].shape[-1] for i in range(3)] == [4, 6, 7]
    assert [decoder[f"Conv2D_{i}"]["kernel"].shape[-1] for i in range(3)] == [6, 4, 1]
    assert params["flow_head"]["Conv2D_0"]["kernel"].shape[2] == 3
    if variant.memory == "conv":
        assert memory["ConvLSTM_0"]["input_kernel"].shape == (3, 3, 7, 4 * 5)
        assert memory["ConvLSTM_1"]["hidden_kernel"].shape == (3, 3, 3, 4 * 3)
    else:
        assert memory["PeepholeLSTM_1"]["hidden_kernel"].shape == (8 * 8 * 3, 4 * 8 * 8 * 3)
