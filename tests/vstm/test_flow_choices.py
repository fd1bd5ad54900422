"""The choices beyond the paper, from the recurrent flow head to the contrast of the frames."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_model import KEY, initial_parameters, noisy

from vstm.model import Autoencoder
from vstm.modules.flow_head import FlowHead
from vstm.modules.model_config import ModelConfig
from vstm.ops.warp import upsample_flow, warp_within

pytestmark = pytest.mark.usefixtures("strict_promotion")

SMALL = ModelConfig((3,), "conv", (4,), output="intensity", frame_size=(8, 12))
TAU = 4


FRAMES = jnp.asarray(np.random.default_rng(0).uniform(size=(2, TAU, 8, 12, 1)), jnp.float32)


def initialised(**options):
    """A model whose flow is not zero, and its parameters."""
    model = Autoencoder(replace(SMALL, **options), convolution="direct")
    return model, {"params": noisy(initial_parameters(model), 0.1)}


def run(model, variables, frames=FRAMES, state=None, **options):
    return jax.jit(partial(model.apply, **options))(variables, frames, state)


def test_recurrent_head_equals_the_unrolled_equation():
    head = FlowHead(replace(SMALL, recurrent_flow=True))
    generator = np.random.default_rng(0)
    outputs = jnp.asarray(generator.normal(size=(TAU, 2, 5, 6, 3)), jnp.float32)
    start = jnp.asarray(generator.normal(size=(2, 5, 6, 2)), jnp.float32)
    params = noisy(jax.jit(head.init)(KEY, outputs)["params"], 0.1)
    plain = jax.jit(FlowHead(SMALL).apply)
    gate_kernel, gate_bias = (np.asarray(params["gate"][name]) for name in ("kernel", "bias"))
    regressor = {name: value for name, value in params.items() if name != "gate"}
    flow = np.asarray(start)
    convolve = jax.jit(
        partial(
            jax.lax.conv_general_dilated,
            window_strides=(1, 1),
            padding="SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
    )
    for output in np.asarray(outputs):
        regressed = np.asarray(plain({"params": regressor}, output[None])[0])
        raw = np.asarray(convolve(output, gate_kernel))
        gate = 1 / (1 + np.exp(-(raw + gate_bias)))
        flow = (1 - gate) * flow + gate * regressed
    ours = jax.jit(head.apply)({"params": params}, outputs, start)[-1]
    np.testing.assert_allclose(ours, flow, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("recurrent", [False, True])
def test_flow_starts_at_zero_and_learns(recurrent):
    model = Autoencoder(replace(SMALL, recurrent_flow=recurrent), convolution="direct")
    params = initial_parameters(model)

    @jax.jit
    def flow_and_gradient(params):
        def loss(params):
            output = model.apply({"params": params}, FRAMES)
            return jnp.mean(jnp.square(output.prediction - 0.3)), output.flow

        gradient, flow = jax.grad(loss, has_aux=True)(params)
        return flow, gradient

    flow, gradient = flow_and_gradient(params)
    assert not flow.any()
    assert all(
        np.abs(leaf).max() > 0 for leaf in jax.tree.leaves(gradient["flow_head"]["Conv2D_2"])
    )


def test_recurrent_state_carried_on_equals_all_frames_at_once():
    model, variables = initialised(recurrent_flow=True)
    expected = run(model, variables)
    apply, state = jax.jit(model.apply), None
    for t in range(TAU):
        output = apply(variables, FRAMES[:, t : t + 1], state)
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
    model, variables = initialised(**options)
    ours = run(model, variables, num_predictions=3)
    for n in range(3):
        expected = run(model, variables, FRAMES[:, : TAU - 2 + n])
        np.testing.assert_allclose(ours.flows[:, n], expected.flow, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(
            ours.predictions[:, n], expected.prediction, rtol=1e-4, atol=1e-5
        )
    for last, of_all in zip(
        jax.tree.leaves(expected.state), jax.tree.leaves(ours.state), strict=True
    ):
        np.testing.assert_allclose(of_all, last, rtol=1e-4, atol=1e-5)


def test_no_more_predictions_than_frames_and_only_one_with_segments():
    model, variables = initialised()
    for number in (0, TAU + 1):
        with pytest.raises(ValueError, match=f"num_predictions={number}: expected 1 to {TAU}"):
            run(model, variables, num_predictions=number)
    with pytest.raises(ValueError, match="no segments"):
        run(model.clone(segment=2), variables, num_predictions=2)


def test_recurrent_head_and_segments_exclude_each_other():
    model, variables = initialised(recurrent_flow=True)
    with pytest.raises(ValueError, match="no segments"):
        run(model.clone(segment=2), variables)


def test_units_of_the_training_size_make_flow_independent_of_the_frames_size():
    model, variables = initialised()
    larger = jnp.asarray(np.tile(FRAMES, (1, 1, 7, 7, 1)))
    plain = Autoencoder(replace(SMALL, frame_size=larger.shape[2:4]))
    # Far from the border, periodic frames have periodic flow; in larger units, it grows.
    ours = run(model, variables, larger).flow
    theirs = run(plain, variables, larger).flow
    middle = np.s_[:, 12:16, 18:24]
    np.testing.assert_allclose(theirs[middle], 7 * ours[middle], rtol=1e-3, atol=1e-4)
    assert np.abs(ours[middle]).max() > 0.01


def test_residual_adds_the_last_frame_moved_along_the_flow():
    model, variables = initialised(residual=True)
    plain = model.clone(config=SMALL)
    output, decoded = jax.jit(  # in one program, which computes the flow of both alike
        lambda variables, frames: (model.apply(variables, frames), plain.apply(variables, frames))
    )(variables, FRAMES)
    np.testing.assert_array_equal(output.flow, decoded.flow)
    flow = 2 * np.asarray(output.flow).repeat(2, axis=1).repeat(2, axis=2)
    height, width = 8, 12
    last = np.asarray(FRAMES[:, -1, ..., 0])
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
    output = run(model, {"params": initial_parameters(model)})
    np.testing.assert_array_equal(output.prediction, FRAMES[:, -1])


@pytest.mark.parametrize("residual", [False, True])
def test_normalised_contrast_is_that_of_normalised_frames_brought_back(residual):
    model, variables = initialised(normalise_contrast=True, residual=residual)
    frames = np.float32(0.3) + np.float32(0.2) * np.asarray(FRAMES)
    pixels = frames.reshape(2, TAU, -1)
    means, deviations = (a[:, :, None, None, None] for a in (pixels.mean(-1), pixels.std(-1)))
    deviations = np.sqrt(deviations**2 + 0.02**2)
    plain = run(Autoencoder(SMALL), variables, (frames - means) / deviations)
    output = run(model, variables, frames)
    np.testing.assert_allclose(output.flow, plain.flow, rtol=1e-3, atol=1e-4)
    start = means[:, -1]
    if residual:
        start = jax.jit(jax.vmap(lambda frame, flow: warp_within(frame, upsample_flow(flow, 2))))(
            frames[:, -1], plain.flow
        )
    expected = start + deviations[:, -1] * np.asarray(plain.prediction)
    np.testing.assert_allclose(output.prediction, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("normalise", [False, True])
def test_prediction_of_zero_flow_is_that_of_a_flow_head_that_gives_none(residual, normalise):
    model, variables = initialised(residual=residual, normalise_contrast=normalise)
    still = dict(variables["params"])
    still["flow_head"] = jax.tree.map(np.zeros_like, still["flow_head"])
    apply = jax.jit(model.apply)
    expected = apply({"params": still}, FRAMES)
    assert not expected.flow.any()
    output = apply(variables, FRAMES)
    zero = np.zeros_like(output.flow)
    predict = jax.jit(partial(model.apply, method="predict"))
    ours = predict(variables, FRAMES[:, -1], output.features, zero)
    np.testing.assert_allclose(ours, expected.prediction, rtol=1e-5, atol=1e-6)
