from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_model import initial_parameters, noisy
from published_numbers import PARAMETERS

from vstm.model import Autoencoder
from vstm.modules.model_config import ModelConfig
from vstm.variants import VARIANTS, get_variant

pytestmark = pytest.mark.usefixtures("strict_promotion")

SMALL = ModelConfig((2, 3), "conv", (4, 5), pointwise_flow=False, frame_size=(8, 8))
SMALL_FC = replace(SMALL, memory="fc", memory_features=(2, 1))
SMALL_POINTWISE = ModelConfig((3,), "conv", (4,), pointwise_flow=True, frame_size=(8, 8))
SMALLS = {"small": SMALL, "small fc": SMALL_FC, "small 1x1": SMALL_POINTWISE}


def initialised(config, size=8, tau=3):
    """A model, its parameters as initialised, and frames."""
    model = Autoencoder(config)
    generator = np.random.default_rng(0)
    frames = jnp.asarray(generator.uniform(size=(2, tau, size, size, 1)), jnp.float32)
    return model, {"params": initial_parameters(model)}, frames


def with_moving_flow(variables):
    """Parameters whose flow head doesn't start at zero."""
    params = variables["params"]
    return {"params": {**params, "flow_head": noisy(params["flow_head"], 0.05)}}


@pytest.mark.parametrize("name", VARIANTS)
def test_parameter_counts_are_the_papers(name):
    frames = jax.ShapeDtypeStruct((1, 10, 64, 64, 1), jnp.float32)
    model = Autoencoder(get_variant(name))
    params = jax.eval_shape(model.init, jax.random.key(0), frames)["params"]
    counts = [
        sum(leaf.size for leaf in jax.tree.leaves(params[module]))
        for module in ("encoder", "memory", "flow_head", "decoder")
    ]
    assert (*counts, sum(counts)) == PARAMETERS[name]
    assert len(params) == 4


def test_unknown_variant_lists_the_known_ones_and_the_nearest():
    with pytest.raises(ValueError, match=r"did you mean 'conv-2enc-1LSTM'.*fc-2enc-2LSTM"):
        get_variant("conv-2enc-1LSTMs")


@pytest.mark.parametrize("variant", SMALLS.values(), ids=SMALLS)
def test_shapes(variant):
    model, variables, frames = initialised(variant, size=8)
    output = jax.jit(model.apply)(variables, frames)
    side = 8 // variant.downsampling
    assert output.prediction.shape == (2, 8, 8, 1)
    assert output.flow.shape == (2, side, side, 2)
    assert len(output.state.layers) == len(variant.memory_features)


@pytest.mark.parametrize("variant", SMALLS.values(), ids=SMALLS)
def test_flow_starts_at_zero_and_gets_a_gradient(variant):
    model, variables, frames = initialised(variant)
    assert not jax.jit(model.apply)(variables, frames).flow.any()

    def loss(params):
        return jnp.mean(jnp.square(model.apply({"params": params}, frames).prediction - 1))

    gradient = jax.jit(jax.grad(loss))(variables["params"])
    assert max(jnp.abs(leaf).max() for leaf in jax.tree.leaves(gradient["flow_head"])) > 0


@pytest.mark.parametrize("variant", SMALLS.values(), ids=SMALLS)
def test_state_carried_on_equals_all_frames_at_once(variant):
    model, variables, frames = initialised(variant)
    variables = with_moving_flow(variables)
    apply = jax.jit(model.apply)
    whole = apply(variables, frames)
    step = apply(variables, frames[:, :1])
    for t in range(1, 3):
        step = apply(variables, frames[:, t : t + 1], step.state)
    for ours, expected in zip(jax.tree.leaves(step), jax.tree.leaves(whole), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)


# Its pooled maps, of 64x64 pixels, are cut into more tiles where there are fewer maps.
TILED = ModelConfig((2, 3), "conv", (4,), pointwise_flow=True)
# Its ConvLSTM is what `auto` transforms where the weights are prepared.
WIDE = ModelConfig((3,), "conv", (16,), pointwise_flow=False, frame_size=(8, 8))


def assert_outputs_close(ours, expected):
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "variant, implementation, size",
    [
        (SMALL, "direct", 8),
        (SMALL, "fourier", 8),
        (SMALL_FC, "fourier", 8),
        (TILED, "fourier", 64),
        (WIDE, "auto", 8),
    ],
    ids=["direct", "fourier", "fc", "tiled", "auto"],
)
def test_weights_prepared_with_the_first_frame_serve_those_that_follow(
    variant, implementation, size
):
    _, variables, frames = initialised(variant, size)
    variables = with_moving_flow(variables)
    expected = jax.jit(Autoencoder(variant, convolution="direct").apply)(variables, frames)
    model = Autoencoder(variant, convolution=implementation)
    prepare = jax.jit(partial(model.apply, mutable=["prepared"]))
    output, prepared = prepare(variables, frames[:, :1])
    assert list(prepared) == ["prepared"]
    apply = jax.jit(model.apply)
    for t in range(1, frames.shape[1]):
        output = apply({**variables, **prepared}, frames[:, t : t + 1], output.state)
    assert_outputs_close(output, expected)


def test_weights_prepared_for_other_tiles_are_refused():
    _, variables, frames = initialised(TILED, 64)
    model = Autoencoder(TILED, convolution="fourier")
    _, prepared = jax.jit(partial(model.apply, mutable=["prepared"]))(variables, frames)
    with pytest.raises(ValueError, match=r"encoder/CPD_0: prepared weights .* 2 maps of 33x33"):
        model.apply({**variables, **prepared}, frames[:, :1])


def test_prepared_weights_stand_in_for_the_kernels():
    _, variables, frames = initialised(SMALL)
    variables = with_moving_flow(variables)
    model = Autoencoder(SMALL, convolution="fourier")
    expected, prepared = jax.jit(partial(model.apply, mutable=["prepared"]))(variables, frames)
    without = jax.tree_util.tree_map_with_path(
        lambda path, leaf: leaf * jnp.nan if "kernel" in path[-1].key else leaf, variables
    )
    assert_outputs_close(jax.jit(model.apply)({**without, **prepared}, frames), expected)


@pytest.mark.parametrize("implementation", ["auto", "direct", "fourier"])
def test_only_parameters_are_initialised(implementation):
    model = Autoencoder(SMALL, convolution=implementation)
    frames = jnp.zeros((1, 2, 8, 8, 1))
    assert list(jax.eval_shape(model.init, jax.random.key(0), frames)) == ["params"]


@pytest.mark.parametrize("variant", [SMALL, SMALL_POINTWISE], ids=["small", "small 1x1"])
def test_gradients_are_those_of_the_direct_convolution(variant):
    _, variables, frames = initialised(variant)
    variables = with_moving_flow(variables)

    def loss(params, implementation):
        model = Autoencoder(variant, convolution=implementation)
        return jnp.mean(jnp.square(model.apply({"params": params}, frames).prediction - 1))

    gradient = jax.jit(jax.grad(loss), static_argnums=1)
    for ours, expected in zip(
        jax.tree.leaves(gradient(variables["params"], "fourier")),
        jax.tree.leaves(gradient(variables["params"], "direct")),
        strict=True,
    ):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_jit_equals_eager():
    model, variables, frames = initialised(SMALL_POINTWISE)
    variables = with_moving_flow(variables)
    for ours, expected in zip(
        jax.tree.leaves(jax.jit(model.apply)(variables, frames)),
        jax.tree.leaves(model.apply(variables, frames)),
        strict=True,
    ):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)


def test_sequences_of_a_batch_do_not_mix():
    model, variables, frames = initialised(SMALL)
    variables = with_moving_flow(variables)
    changed = np.array(frames)
    changed[1] = 0.5
    apply = jax.jit(model.apply)
    before, after = (apply(variables, f).prediction for f in (frames, changed))
    np.testing.assert_array_equal(before[0], after[0])
    assert not np.array_equal(before[1], after[1])


def test_frame_size_that_the_poolings_do_not_divide_is_refused():
    with pytest.raises(ValueError, match=r"6x6 pixels.*divisible by 4"):
        Autoencoder(SMALL).init(jax.random.key(0), jnp.zeros((1, 2, 6, 6, 1)))


@pytest.mark.parametrize(
    "frames", [np.zeros((2, 3, 16, 16), np.float32), np.zeros((1, 2, 16, 16, 1), np.uint8)]
)
def test_other_than_sequences_of_real_numbers_are_refused(frames):
    with pytest.raises(ValueError, match=r"expected real numbers in \[0, 1\], \[B, tau, H, W, C"):
        jax.eval_shape(Autoencoder(SMALL).init, jax.random.key(0), frames)
