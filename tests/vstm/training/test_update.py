from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from vstm.losses import LOSSES, photometric_error
from vstm.model import Autoencoder
from vstm.modules.model_config import ModelConfig
from vstm.ops.smoothness import flow_roughness
from vstm.training.update import init_state, make_train_step, random_windows
from vstm.variants import VARIANTS, get_variant

TAU = 3
SMALL = ModelConfig((3,), "conv", (4,), frame_size=(8, 8))


def make(loss="bce", tx=None, length=TAU + 1, weight=1e-2, **weights):
    model = Autoencoder(replace(SMALL, output=LOSSES[loss].output))
    tx = tx or optax.sgd(0.1)
    state = init_state(model, tx, jax.random.key(0), (8, 8, 1))
    frames = jax.random.uniform(jax.random.key(1), (2, length, 8, 8, 1)).round()
    return (
        model,
        tx,
        state,
        frames,
        make_train_step(model, tx, loss=loss, tau=TAU, smoothness_weight=weight, **weights),
    )


@pytest.mark.parametrize("loss", LOSSES)
def test_update_equals_gradient_descent_on_the_explicit_objective(loss):
    """The injected penalty acts as the term w_H H(T) of eq. 5."""
    weight = 50.0  # so that the penalty's share shows
    plain, _, state, frames, step = make(loss, weight=weight)
    params = jax.tree.map(lambda a: a + 0.02, state.params)  # off the zero flow
    state = state.replace(params=params)

    def objective(params):
        output = plain.apply({"params": params}, frames[:, :TAU])
        terms = LOSSES[loss].terms(output.prediction, frames[:, TAU])
        return sum(terms.values()) + weight * flow_roughness(output.flow, delta=1e-3)

    value, gradient = jax.jit(jax.value_and_grad(objective))(params)
    expected = jax.tree.map(lambda p, g: p - 0.1 * g, params, gradient)
    state, metrics = jax.jit(step)(state, frames)
    for ours, theirs in zip(jax.tree.leaves(state.params), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(metrics["loss"], value, rtol=1e-5)
    norm = np.sqrt(sum(np.sum(np.square(g)) for g in jax.tree.leaves(gradient)))
    np.testing.assert_allclose(metrics["gradient_norm"], norm, rtol=1e-4)


def test_several_targets_are_the_mean_of_each_frame_predicted_from_those_before_it():
    weight = 50.0
    plain, _, state, frames, step = make(weight=weight, num_targets=2)
    params = jax.tree.map(lambda a: a + 0.02, state.params)

    def objective(params):
        values = []
        for fed in (TAU - 1, TAU):
            output = plain.apply({"params": params}, frames[:, :fed])
            terms = LOSSES["bce"].terms(output.prediction, frames[:, fed])
            values.append(sum(terms.values()) + weight * flow_roughness(output.flow, delta=1e-3))
        return sum(values) / 2

    value, gradient = jax.jit(jax.value_and_grad(objective))(params)
    expected = jax.tree.map(lambda p, g: p - 0.1 * g, params, gradient)
    state, metrics = jax.jit(step)(state.replace(params=params), frames)
    for ours, theirs in zip(jax.tree.leaves(state.params), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(metrics["loss"], value, rtol=1e-5)


def test_sparsity_adds_the_mean_length_of_the_flows_components():
    weight = 3.0
    model, _, state, frames, step = make("intensity", weight=0.0, sparsity_weight=weight)
    params = jax.tree.map(lambda a: a + 0.02, state.params)

    def objective(params):
        output = model.apply({"params": params}, frames[:, :TAU])
        terms = LOSSES["intensity"].terms(output.prediction, frames[:, TAU])
        u, v = jnp.moveaxis(output.flow, -1, 0)
        return terms["intensity"] + weight * (jnp.mean(jnp.abs(u)) + jnp.mean(jnp.abs(v))) / 2

    value, gradient = jax.value_and_grad(objective)(params)
    expected = jax.tree.map(lambda p, g: p - 0.1 * g, params, gradient)
    state, metrics = jax.jit(step)(state.replace(params=params), frames)
    for ours, theirs in zip(jax.tree.leaves(state.params), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(metrics["loss"], value, rtol=1e-5)
    assert metrics["sparsity"] > 0.01


def test_the_photometric_error_counts_by_its_weight():
    weight = 3.0
    model, _, state, frames, step = make(weight=0.0, num_targets=2, photometric_weight=weight)
    params = jax.tree.map(lambda a: a + 0.02, state.params)

    def objective(params):
        values = []
        for fed in (TAU - 1, TAU):
            output = model.apply({"params": params}, frames[:, :fed])
            terms = LOSSES["bce"].terms(output.prediction, frames[:, fed])
            error = photometric_error(frames[:, fed - 1], frames[:, fed], output.flow)
            values.append(terms["cross_entropy"] + weight * error)
        return sum(values) / 2

    value, gradient = jax.jit(jax.value_and_grad(objective))(params)
    expected = jax.tree.map(lambda p, g: p - 0.1 * g, params, gradient)
    state, metrics = jax.jit(step)(state.replace(params=params), frames)
    for ours, theirs in zip(jax.tree.leaves(state.params), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(metrics["loss"], value, rtol=1e-5)
    np.testing.assert_allclose(
        metrics["photometric"], (value - metrics["cross_entropy"]) / weight, rtol=1e-4
    )


def test_the_photometric_weight_may_fall_by_update():
    (*_, state, frames, fixed), (*_, falling) = (
        make(weight=0.0, photometric_weight=weight)
        for weight in (1.5, optax.linear_schedule(2.0, 0.0, 4))
    )
    fixed, falling = jax.jit(fixed), jax.jit(falling)
    second = state.replace(step=jnp.ones((), jnp.int32))  # 2 * (1 - 1 / 4)
    (ours, metrics), (theirs, expected) = falling(second, frames), fixed(second, frames)
    for a, b in zip(jax.tree.leaves(ours.params), jax.tree.leaves(theirs.params), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(metrics["loss"], expected["loss"], rtol=1e-6)


def test_the_target_frame_does_not_reach_the_prediction():
    model, _, state, frames, _ = make()
    params = jax.tree.map(lambda a: a + 0.02, state.params)
    changed = frames.at[:, TAU].set(1 - frames[:, TAU])

    def predict(frames):
        return model.apply({"params": params}, frames[:, :TAU]).prediction

    np.testing.assert_array_equal(predict(frames), predict(changed))
    # and every frame that is fed in does
    jacobian = jax.jit(jax.grad(lambda f: predict(f).sum()))(frames)
    reached = np.abs(jacobian).max(axis=(0, 2, 3, 4))
    assert (reached[:TAU] > 0).all()
    assert reached[TAU] == 0


def test_windows_are_consecutive_and_cover_all_starts():
    frames = jnp.broadcast_to(jnp.arange(7.0)[None, :, None, None, None], (64, 7, 2, 2, 1))
    windows = random_windows(jax.random.key(0), frames, 4)[..., 0, 0, 0]
    np.testing.assert_array_equal(windows - windows[:, :1], np.tile(np.arange(4), (64, 1)))
    assert set(np.asarray(windows[:, 0])) == {0, 1, 2, 3}


def test_windows_change_with_the_update():
    *_, state, frames, step = make(length=12)
    step = jax.jit(step)
    losses = {float(step(state.replace(step=jnp.int32(n)), frames)[1]["loss"]) for n in range(4)}
    assert len(losses) > 1


def test_jit_with_donation_equals_eager_and_counts_updates():
    *_, state, frames, step = make(tx=optax.adam(1e-2))
    eager, eager_metrics = step(*step(state, frames)[:1], frames)
    jitted = jax.jit(step, donate_argnums=0)
    state, metrics = jitted(*jitted(state, frames)[:1], frames)
    assert int(state.step) == 2
    for ours, expected in zip(
        jax.tree.leaves((state.params, metrics)),
        jax.tree.leaves((eager.params, eager_metrics)),
        strict=True,
    ):
        np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", [n for n in VARIANTS if n.startswith("conv")])
def test_every_conv_variant_learns(name):
    """Loss after a few updates on one small batch is below that of the first."""
    model = Autoencoder(get_variant(name))
    tx = optax.adam(1e-3)
    state = init_state(model, tx, jax.random.key(0), (16, 16, 1))
    frames = jnp.zeros((1, TAU + 1, 16, 16, 1)).at[:, :, 4:9, 6:12].set(1)
    step = jax.jit(make_train_step(model, tx, loss="bce", tau=TAU), donate_argnums=0)
    losses = []
    for _ in range(6):
        state, metrics = step(state, frames)
        losses.append(float(metrics["loss"]))
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("name", [n for n in VARIANTS if n.startswith("fc")])
def test_every_fc_variant_learns(name):
    """As above; the dense memory's size follows from the frames', here 4x4 maps."""
    test_every_conv_variant_learns(name)
