"""Recomputation of activations, segment by segment."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_model import KEY

from vstm.model import Autoencoder
from vstm.modules.model_config import ModelConfig

CONFIGS = {
    "conv": ModelConfig((2,), "conv", (3, 2), frame_size=(8, 6)),
    "fc": ModelConfig((2,), "fc", (1, 1), pointwise_flow=False, frame_size=(8, 6)),
}
TAU = 7


@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("segment", [1, 3, TAU + 1])
def test_gradient_and_state_stay(kind, segment, x64):
    generator = np.random.default_rng(1)
    frames = jnp.asarray(generator.uniform(size=(2, TAU, 8, 6, 1)))
    model = Autoencoder(CONFIGS[kind])
    params = jax.jit(model.init)(KEY, frames)["params"]
    params = jax.tree.map(lambda p: np.asarray(p) + 0.03 * generator.normal(size=p.shape), params)

    def of_all(model):
        def loss(params):
            output = model.apply({"params": params}, frames)
            return jnp.sum(output.prediction**2), output.state

        return jax.jit(jax.grad(loss, has_aux=True))(params)

    ours, expected = of_all(model.clone(segment=segment)), of_all(model)
    for leaf in jax.tree.leaves(expected[0]["memory"]):
        assert np.abs(leaf).max() > 1e-6
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12), ours, expected
    )


def test_parameters_are_the_same():
    frames = jnp.zeros((1, 3, 8, 6, 1))
    plain = Autoencoder(CONFIGS["conv"])
    ours, expected = (jax.jit(model.init)(KEY, frames) for model in (plain.clone(segment=1), plain))
    jax.tree.map(np.testing.assert_array_equal, ours, expected)


def test_needs_less_memory_for_many_frames():
    frames = jnp.zeros((2, 32, 32, 32, 1))
    model = Autoencoder(CONFIGS["conv"], convolution="direct")
    params = jax.eval_shape(model.init, KEY, frames)["params"]

    def temporary_bytes(model):
        def loss(params):
            return jnp.sum(model.apply({"params": params}, frames).prediction ** 2)

        compiled = jax.jit(jax.grad(loss)).lower(params).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    assert temporary_bytes(model.clone(segment=4)) < 0.5 * temporary_bytes(model)
