"""Tracking: the flow that is carried on and mended, against the equations and against streaming."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_model import initial_parameters, noisy
from made_motion import moving

from vstm.model import Autoencoder
from vstm.modules.model_config import ModelConfig
from vstm.ops import registration
from vstm.ops.contrast import contrast
from vstm.ops.detail import agree, carry, gains
from vstm.ops.extrapolation import extrapolate, follow
from vstm.ops.registration import register
from vstm.ops.warp import bilinear_flow, warp_batch, warp_within
from vstm.tracking import MENDED_SCALE, SEEN_SCALE, UNEXPLAINED_WEIGHT, start

pytestmark = pytest.mark.usefixtures("strict_promotion")

TRACKING = ModelConfig(
    (3,),
    "conv",
    (4,),
    output="intensity",
    frame_size=(16, 24),
    tracking=True,
    softening=True,
    residual=True,
    normalise_contrast=True,
    decoder_memory=True,
    flow_enlargement="bilinear",
)
FRAMES = jnp.asarray(np.random.default_rng(0).uniform(size=(2, 4, 16, 24, 1)), jnp.float32)


def initialised(**options):
    model = Autoencoder(replace(TRACKING, **options), convolution="direct")
    return model, {"params": noisy(initial_parameters(model), 0.05)}


def apply(model, variables, frames, state=None, **options):
    return jax.jit(partial(model.apply, **options))(variables, frames, state)


def test_frame_by_frame_gives_what_the_sequence_gives():
    model, variables = initialised()
    whole = apply(model, variables, FRAMES, num_predictions=2)
    state = start(model.config, FRAMES[:, 0])
    for frame in jnp.swapaxes(FRAMES, 0, 1):
        single = apply(model, variables, frame[:, None], state)
        state = single.state
    for ours, expected in zip(jax.tree.leaves(single), jax.tree.leaves(whole), strict=True):
        last = expected[:, -1:] if expected.ndim == 5 else expected
        np.testing.assert_allclose(ours, last, rtol=1e-4, atol=1e-4)


def step_by_its_equations(model, variables, before, frame):
    """The flow, the features that are decoded, and the prediction."""
    call = lambda method, *args: model.apply(variables, *args, method=method)  # noqa: E731
    seen = register(before.flow, before.frame, frame)
    moved = warp_batch(before.frame, bilinear_flow(seen, 2), warp_within)
    mean, deviation = contrast(frame)
    seen_frames = [(frame - mean) / deviation, UNEXPLAINED_WEIGHT * (frame - moved) / deviation]
    features = call(lambda m, x: m.encoder(x), jnp.concatenate(seen_frames, -1))
    motion = [seen / SEEN_SCALE, (seen - before.flow) / MENDED_SCALE]
    inputs = jnp.concatenate([features, *motion], -1)[None]
    _, outputs = call(lambda m, *a: m.memory(*a), inputs, before.layers)
    foreseen = extrapolate(follow(before.course, seen, 2))[None]
    flow = call(lambda m, *a: m.flow_head(*a), outputs, foreseen)[0]
    decoded = jnp.concatenate([features, outputs[0]], -1)
    moved = warp_batch(frame, bilinear_flow(flow, 2), warp_within)
    agreement = carry(agree(before.agreement, frame), flow, moved)
    return flow, decoded, call("predict", frame, decoded, flow, gains(agreement))


@pytest.fixture
def of_single_precision():
    return initialised()


def test_step_equals_its_equations(of_single_precision, x64):
    """Noise multiplies the rounding of motion, so it is taken in double precision."""
    model, variables = of_single_precision
    variables, frames = jax.tree.map(lambda a: jnp.asarray(a, jnp.float64), (variables, FRAMES))
    before = apply(model, variables, frames[:, :2]).state
    after = apply(model, variables, frames[:, 2:3], before)
    expected = jax.jit(partial(step_by_its_equations, model))(variables, before, frames[:, 2])
    for ours, theirs in zip((after.flow, after.features, after.prediction), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


def test_before_training_a_constant_motion_is_followed(monkeypatch):
    """The memory says nothing yet: 1 / (1 + exp(-4)) of the extrapolated motion is kept."""
    monkeypatch.setattr(registration, "FADING", 0.0)
    velocity = (1.5, -0.8)
    frames = moving(9, velocity)[None]
    model = Autoencoder(replace(TRACKING, frame_size=(48, 64)), convolution="direct")
    output = apply(model, {"params": initial_parameters(model)}, frames)
    flow = 2 * np.asarray(output.flow)[0, 8:-8, 8:-10]  # new texture comes in from the right
    expected = np.array(velocity) / (1 + np.exp(-4))
    np.testing.assert_allclose(flow, np.broadcast_to(expected, flow.shape), atol=0.08)


def test_what_stands_still_has_no_flow_and_stays_before_training():
    frames = jnp.repeat(moving(1, (0, 0))[None], 5, axis=1)
    model = Autoencoder(replace(TRACKING, frame_size=(48, 64)), convolution="direct")
    output = apply(model, {"params": initial_parameters(model)}, frames)
    np.testing.assert_array_equal(output.flow, jnp.zeros_like(output.flow))
    np.testing.assert_allclose(output.prediction, frames[:, 0], rtol=1e-5)


@pytest.mark.parametrize(
    "options, named",
    [
        ({"memory": "fc"}, "tracking"),
        ({"tracking": False}, "softening"),
        ({"residual": False}, "softening"),
        ({"recurrent_flow": True}, "recurrent_flow"),
        (
            {
                "output": "logit",
                "residual": False,
                "normalise_contrast": False,
                "softening": False,
            },
            "tracking",
        ),
        ({"flow_enlargement": "cubic"}, "flow_enlargement"),
    ],
)
def test_what_does_not_go_with_tracking_is_named(options, named):
    with pytest.raises(ValueError, match=f"^{named}="):
        replace(TRACKING, **options)


def test_segments_are_refused():
    model = Autoencoder(TRACKING, segment=2)
    with pytest.raises(ValueError, match="no segments"):
        jax.eval_shape(model.init, jax.random.key(0), FRAMES)
