"""The choices beyond the paper, from the recurrent flow head to the contrast of the frames."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vstm.model import Autoencoder
from vstm.modules.flow_head import FlowHead
from vstm.modules.model_config import ModelConfig
from vstm.ops.warp import upsample_flow, warp_within

pytestmark = pytest.mark.usefixtures("strict_promotion")

SMALL = ModelConfig((3,), "conv", (4,), output="intensity", frame_size=(8, 12))
TAU = 4


def initialised(**options):
    """A model whose flow is not zero, and frames."""
    model = Autoencoder(replace(SMALL, **options))
    frames = jax.random.uniform(jax.random.key(0), (2, TAU, 8, 12, 1))
    params = jax.jit(model.init)(jax.random.key(1), frames)["params"]
    leaves, structure = jax.tree.flatten(params)
    keys = jax.random.split(jax.random.key(2), len(leaves))
    noisy = [a + 0.1 * jax.random.normal(k, a.shape) for a, k in zip(leaves, keys, strict=True)]
    return model, {"params": jax.tree.unflatten(structure, noisy)}, frames


def test_recurrent_head_equals_the_unrolled_equation():
    head = FlowHead(replace(SMALL, recurrent_flow=True))
    outputs = jax.random.normal(jax.random.key(0), (TAU, 2, 5, 6, 3))
    start = jax.random.normal(jax.random.key(3), (2, 5, 6, 2))
    params = jax.tree.map(
        lambda a: a + 0.1 * jax.random.normal(jax.random.key(a.size), a.shape),
        head.init(jax.random.key(1), outputs)["params"],
    )
    plain = FlowHead(SMALL)
    gate_kernel, gate_bias = params["gate"]["kernel"], params["gate"]["bias"]
    regressor = {name: value for name, value in params.items() if name != "gate"}
    flow = np.asarray(start)
    for output in outputs:
        regressed = plain.apply({"params": regressor}, output[None])[0]
        raw = jax.lax.conv_general_dilated(
            output, gate_kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        gate = 1 / (1 + np.exp(-(raw + gate_bias)))
        flow = (1 - gate) * flow + gate * regressed
    ours = head.apply({"params": params}, outputs, start)[-1]
    np.testing.assert_allclose(ours, flow, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("recurrent", [False, True])
def test_flow_starts_at_zero_and_learns(recurrent):
    model = Autoencoder(replace(SMALL, recurrent_flow=recurrent))
    frames = jax.random.uniform(jax.random.key(0), (2, TAU, 8, 8, 1))
    params = model.init(jax.random.key(1), frames)["params"]
    assert not model.apply({"params": params}, frames).flow.any()
    gradient = jax.grad(
        lambda p: jnp.mean(jnp.square(model.apply({"params": p}, frames).prediction - 0.3))
    )(params)
    assert all(
        np.abs(leaf).max() > 0 for leaf in jax.tree.leaves(gradient["flow_head"]["Conv2D_2"])
    )


def test_recurrent_state_carried_on_equals_all_frames_at_once():
    model, variables, frames = initialised(recurrent_flow=True)
    expected = model.apply(variables, frames)
    state = None
    for t in range(TAU):
        output = model.apply(variables, frames[:, t : t + 1], state)
        state = output.state
    np.testing.assert_allclose(output.flow, expected.flow, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(output.prediction, expected.prediction, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(state.flow, output.flow)
    assert np.abs(output.flow).max() > 0.05


@pytest.mark.parametrize(
    "options",
    [{}, {"recurrent_flow": True}, {"residual": True, "normalise_contrast": True}],
    ids=["paper", "recurrent", "residual"],
)
def test_several_predictions_are_those_of_the_shorter_sequences(options):
    model, variables, frames = initialised(**options)
    ours = jax.jit(lambda frames: model.apply(variables, frames, num_predictions=3))(frames)
    for n in range(3):
        expected = model.apply(variables, frames[:, : TAU - 2 + n])
        np.testing.assert_allclose(ours.flows[:, n], expected.flow, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(
            ours.predictions[:, n], expected.prediction, rtol=1e-4, atol=1e-5
        )
    for last, of_all in zip(
        jax.tree.leaves(expected.state), jax.tree.leaves(ours.state), strict=True
    ):
        np.testing.assert_allclose(of_all, last, rtol=1e-4, atol=1e-5)


def test_no_more_predictions_than_frames_and_only_one_with_segments():
    model, variables, frames = initialised()
    for number in (0, TAU + 1):
        with pytest.raises(ValueError, match=f"num_predictions={number}: expected 1 to {TAU}"):
            model.apply(variables, frames, num_predictions=number)
    with pytest.raises(ValueError, match="no segments"):
        model.clone(segment=2).apply(variables, frames, num_predictions=2)


def test_recurrent_head_and_segments_exclude_each_other():
    model, variables, frames = initialised()
    model = Autoencoder(replace(SMALL, recurrent_flow=True), segment=2)
    with pytest.raises(ValueError, match="no segments"):
        model.apply(variables, frames)


def test_units_of_the_training_size_make_flow_independent_of_the_frames_size():
    model, variables, frames = initialised()
    larger = jnp.tile(frames, (1, 1, 7, 7, 1))
    plain = Autoencoder(replace(SMALL, frame_size=larger.shape[2:4]))
    # Far from the border, periodic frames have periodic flow; in larger units, it grows.
    ours = model.apply(variables, larger).flow
    theirs = plain.apply(variables, larger).flow
    middle = np.s_[:, 12:16, 18:24]
    np.testing.assert_allclose(theirs[middle], 7 * ours[middle], rtol=1e-3, atol=1e-4)
    assert np.abs(ours[middle]).max() > 0.01


def test_residual_adds_the_last_frame_moved_along_the_flow():
    model, variables, frames = initialised(residual=True)
    output = model.apply(variables, frames)
    decoded = Autoencoder(SMALL).apply(variables, frames)
    np.testing.assert_array_equal(output.flow, decoded.flow)
    flow = 2 * np.asarray(output.flow).repeat(2, axis=1).repeat(2, axis=2)
    height, width = 8, 12
    last = np.asarray(frames[:, -1, ..., 0])
    moved = np.zeros((2, height, width))
    for b in range(2):
        for y in range(height):
            for x in range(width):
                source_x = np.clip(x + flow[b, y, x, 0], 0, width - 1)
                source_y = np.clip(y + flow[b, y, x, 1], 0, height - 1)
                for row in range(height):
                    for column in range(width):
                        nearness = np.maximum(0, 1 - np.abs([row - source_y, column - source_x]))
                        moved[b, y, x] += nearness.prod() * last[b, row, column]
    ours = output.prediction[..., 0] - decoded.prediction[..., 0]
    np.testing.assert_allclose(ours, moved, rtol=1e-4, atol=1e-5)


def test_residual_starts_as_a_copy_of_the_last_frame():
    model = Autoencoder(replace(SMALL, residual=True))
    frames = jax.random.uniform(jax.random.key(0), (2, TAU, 8, 8, 1))
    params = model.init(jax.random.key(1), frames)["params"]
    np.testing.assert_array_equal(model.apply({"params": params}, frames).prediction, frames[:, -1])


@pytest.mark.parametrize("residual", [False, True])
def test_normalised_contrast_is_that_of_normalised_frames_brought_back(residual):
    model, variables, frames = initialised(normalise_contrast=True, residual=residual)
    frames = 0.3 + 0.2 * frames
    pixels = np.asarray(frames).reshape(2, TAU, -1)
    means, deviations = (a[:, :, None, None, None] for a in (pixels.mean(-1), pixels.std(-1)))
    deviations = np.sqrt(deviations**2 + 0.02**2)
    plain = Autoencoder(SMALL).apply(variables, (frames - means) / deviations)
    output = model.apply(variables, frames)
    np.testing.assert_allclose(output.flow, plain.flow, rtol=1e-3, atol=1e-4)
    expected = means[:, -1] + deviations[:, -1] * plain.prediction
    if residual:
        moved = jax.vmap(warp_within)(frames[:, -1], upsample_flow(plain.flow, 2))
        expected = moved + deviations[:, -1] * plain.prediction
    np.testing.assert_allclose(output.prediction, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("normalise", [False, True])
def test_prediction_of_zero_flow_is_that_of_a_flow_head_that_gives_none(residual, normalise):
    model, variables, frames = initialised(residual=residual, normalise_contrast=normalise)
    still = dict(variables["params"])
    still["flow_head"] = jax.tree.map(jnp.zeros_like, still["flow_head"])
    expected = model.apply({"params": still}, frames)
    assert not expected.flow.any()
    output = model.apply(variables, frames)
    zero = jnp.zeros_like(output.flow)
    ours = model.apply(variables, frames[:, -1], output.features, zero, method="predict")
    np.testing.assert_allclose(ours, expected.prediction, rtol=1e-5, atol=1e-6)
