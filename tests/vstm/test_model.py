from dataclasses import replace
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from published_numbers import PARAMETERS

from vstm.model import Autoencoder
from vstm.modules.decoder import upsample
from vstm.modules.flow_head import FlowHead, clamped_share, flow_limit, returning_clamp
from vstm.modules.memory import ConvMemory, DenseMemory
from vstm.modules.model_config import ModelConfig
from vstm.variants import VARIANTS, get_variant

pytestmark = pytest.mark.usefixtures("strict_promotion")

SMALL = ModelConfig((2, 3), "conv", (4, 5), pointwise_flow=False, frame_size=(8, 8))
SMALL_FC = replace(SMALL, memory="fc", memory_features=(2, 1))
SMALL_POINTWISE = ModelConfig((3,), "conv", (4,), pointwise_flow=True, frame_size=(8, 8))
SMALLS = {"small": SMALL, "small fc": SMALL_FC, "small 1x1": SMALL_POINTWISE}


@cache
def initialised(variant, size=8, tau=3, seed=0):
    model = Autoencoder(variant)
    frames = jax.random.uniform(jax.random.key(seed), (2, tau, size, size, 1))
    key = jax.random.key(seed, impl="rbg")  # compiles several times faster than threefry
    return model, jax.jit(model.init)(key, frames), frames


def with_moving_flow(variables, seed=1):
    """Parameters whose flow head doesn't start at zero."""
    head = variables["params"]["flow_head"]
    leaves, structure = jax.tree.flatten(head)
    keys = jax.random.split(jax.random.key(seed), len(leaves))
    noisy = [a + 0.05 * jax.random.normal(k, a.shape) for a, k in zip(leaves, keys, strict=True)]
    return {"params": {**variables["params"], "flow_head": jax.tree.unflatten(structure, noisy)}}


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
    with pytest.raises(ValueError, match=r"encoder/CPD_0: prepared weights .* 2 maps of 64x64"):
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
    changed = frames.at[1].set(0.5)
    apply = jax.jit(model.apply)
    before, after = (apply(variables, f).prediction for f in (frames, changed))
    np.testing.assert_array_equal(before[0], after[0])
    assert not np.array_equal(before[1], after[1])


def test_frame_size_that_the_poolings_do_not_divide_is_refused():
    with pytest.raises(ValueError, match=r"6x6 pixels.*divisible by 4"):
        Autoencoder(SMALL).init(jax.random.key(0), jnp.zeros((1, 2, 6, 6, 1)))


def test_upsample_repeats_pixels():
    maps = jnp.array([[1.0, 2.0], [3.0, 4.0]])[..., None]
    expected = [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    np.testing.assert_array_equal(upsample(maps)[..., 0], expected)


def test_flow_is_clamped_at_a_quarter_of_the_map():
    head = FlowHead(ModelConfig(pointwise_flow=True, frame_size=(8, 16)))
    memory = jax.random.normal(jax.random.key(0), (1, 1, 4, 8, 3))
    variables = head.init(jax.random.key(0), memory)
    np.testing.assert_allclose(variables["params"]["scale"], [2 / 8, 2 / 4])
    params = {**variables["params"], "Conv2D_2": {"kernel": jnp.zeros((1, 1, 2, 2)), "bias": None}}
    params["Conv2D_2"]["bias"] = jnp.array([1.5, -100.0])
    flow = head.apply({"params": params}, memory)[-1]
    # the first component, 1.5 pixels, is inside its limit of 2 pixels; the second is beyond -1
    np.testing.assert_allclose(flow[..., 0], np.full((1, 4, 8), 1.5), rtol=1e-6)
    np.testing.assert_allclose(flow[..., 1], np.full((1, 4, 8), -1.0), rtol=1e-6)
    assert flow_limit(4, 8) == (2.0, 1.0)
    np.testing.assert_allclose(clamped_share(flow), 0.5)


def test_memory_initialisation():
    features = jnp.zeros((2, 1, 8, 8, 3))
    params = ConvMemory((4,), 7, 0.08).init(jax.random.key(0), features, None)["params"][
        "ConvLSTM_0"
    ]
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
    variant = get_variant("fc-2enc-1LSTM")
    _, variables, _ = initialised(variant, size=16)
    layer = variables["params"][path[0]][path[1]]
    bound = np.sqrt(6 / (fan_in + fan_out))
    assert np.abs(layer["kernel"]).max() <= bound
    np.testing.assert_allclose(np.std(layer["kernel"]), bound / np.sqrt(3), rtol=0.1)
    assert not layer["bias"].any()


def test_peephole_lstm_initialisation():
    features = jnp.zeros((2, 1, 4, 4, 3))
    params = DenseMemory((8,), 0.08).init(jax.random.key(0), features, None)["params"][
        "PeepholeLSTM_0"
    ]
    n = 4 * 4 * 8
    np.testing.assert_array_equal(params["bias"], [0] * n + [1] * n + [0] * 2 * n)
    for name in ("input_kernel", "hidden_kernel", "peepholes"):
        assert np.abs(params[name]).max() <= 0.08
        np.testing.assert_allclose(np.std(params[name]), 0.16 / np.sqrt(12), rtol=0.1)


def test_dense_memory_reads_units_as_maps():
    features = jax.random.normal(jax.random.key(0), (2, 3, 4, 5, 6))
    memory = DenseMemory((2, 1), 0.08)
    variables = memory.init(jax.random.key(0), features, None)
    state, maps = memory.apply(variables, features, None)
    assert maps.shape == (2, 3, 4, 5, 1)
    np.testing.assert_array_equal(maps[-1].reshape(3, -1), state[-1][1])


def test_initial_range_bounds_the_memorys_weights():
    frames = jnp.zeros((1, 1, 16, 16, 1))
    for name in ("conv-1enc-1LSTM", "fc-2enc-1LSTM"):
        model = Autoencoder(replace(get_variant(name), memory_initial_range=0.02))
        key = jax.random.key(0, impl="rbg")  # compiles several times faster than threefry
        params = jax.jit(model.init)(key, frames)["params"]["memory"]
        (layer,) = (params[key] for key in params if "LSTM" in key)
        for kernel in (layer["input_kernel"], layer["hidden_kernel"]):
            assert 0.0199 < float(jnp.max(jnp.abs(kernel))) <= 0.02
            assert float(jnp.std(kernel)) == pytest.approx(0.04 / 12**0.5, rel=0.02)


def test_gradients_that_lead_back_pass_the_clamp():
    x = jnp.array([-0.7, -0.7, -0.2, 0.2, 0.7, 0.7])
    cotangent = jnp.array([-1.0, 1.0, -1.0, 1.0, -1.0, 1.0])
    clamped, pull = jax.vjp(returning_clamp, x)
    np.testing.assert_allclose(clamped, [-0.5, -0.5, -0.2, 0.2, 0.5, 0.5])
    np.testing.assert_array_equal(pull(cotangent)[0], [-1, 0, -1, 1, 0, 1])


def test_a_flow_beyond_the_clamp_returns_only_with_the_returning_gradient():
    memory = jnp.ones((1, 1, 2, 2, 2))
    for returning in (False, True):
        head = FlowHead(replace(SMALL, returning_gradient=returning))
        params = head.init(jax.random.key(0), memory)["params"]
        params["Conv2D_1"]["bias"] = jnp.array([5.0, -5.0])
        grads = jax.grad(
            lambda params, head=head: jnp.sum(head.apply({"params": params}, memory) ** 2)
        )(params)
        bias = grads["Conv2D_1"]["bias"]
        assert (bool(bias[0] > 0), bool(bias[1] < 0)) == (returning, returning)
