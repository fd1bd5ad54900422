import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vstm.model import Autoencoder
from vstm.ops.segments import scan_segments
from vstm.variants import Variant

VARIANTS = {
    "conv": Variant("small", (2,), "conv", (3, 2), True),
    "fc": Variant("small fc", (2,), "fc", (1, 1), False),
}
TAU = 7


def weighted_sums(state, frames):
    """s_t = tanh(s_{t-1} w + x_t), with w in the state; returns the last s and the last x."""
    weight, s = state if state is not None else (jnp.float64(0.5), jnp.zeros(frames.shape[1:]))
    for frame in frames:
        s = jnp.tanh(s * weight + frame)
    return (weight, s), frames[-1]


@pytest.mark.parametrize("length", [1, 2, 3, TAU, TAU + 4])
def test_reaches_what_all_frames_at_once_reach(length, x64):
    frames = jnp.asarray(np.random.default_rng(0).normal(size=(TAU, 4)))
    ours = scan_segments(weighted_sums, None, frames, length)
    expected = weighted_sums(None, frames)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-14), ours, expected)


@pytest.mark.parametrize("kind", VARIANTS)
@pytest.mark.parametrize("segment", [1, 3, TAU + 1])
def test_autoencoders_gradient_stays(kind, segment, x64):
    generator = np.random.default_rng(1)
    frames = jnp.asarray(generator.uniform(size=(2, TAU, 8, 6, 1)))
    model = Autoencoder(VARIANTS[kind])
    params = model.init(jax.random.key(0), frames)["params"]
    params = jax.tree.map(lambda p: p + 0.03 * generator.normal(size=p.shape), params)

    def gradient(model):
        def loss(params):
            return jnp.sum(model.apply({"params": params}, frames).prediction ** 2)

        return jax.jit(jax.grad(loss))(params)

    ours, expected = gradient(model.clone(segment=segment)), gradient(model)
    assert (
        float(jnp.abs(expected["memory"]["ConvLSTM_0"]["input_kernel"]).max()) > 1e-4
        if (kind == "conv")
        else True
    )
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12), ours, expected
    )


def test_parameters_are_the_same():
    frames = jnp.zeros((1, 3, 8, 8, 1))
    plain = Autoencoder(VARIANTS["conv"])
    ours = plain.clone(segment=1).init(jax.random.key(0), frames)
    expected = plain.init(jax.random.key(0), frames)
    jax.tree.map(np.testing.assert_array_equal, ours, expected)


def test_needs_less_memory_for_many_frames():
    frames = jnp.zeros((2, 32, 32, 32, 1))
    model = Autoencoder(VARIANTS["conv"], convolution="direct")
    params = model.init(jax.random.key(0), frames)["params"]

    def temporary_bytes(model):
        def loss(params):
            return jnp.sum(model.apply({"params": params}, frames).prediction ** 2)

        compiled = jax.jit(jax.grad(loss)).lower(params).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    assert temporary_bytes(model.clone(segment=4)) < 0.5 * temporary_bytes(model)
