from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from made_model import KEY, initial_parameters

from vstm.losses import LOSSES, photometric_error
from vstm.model import Autoencoder
from vstm.modules.model_config import ModelConfig
from vstm.ops.smoothness import flow_roughness
from vstm.training.update import TrainState, init_state, make_train_step, random_windows
from vstm.variants import VARIANTS, get_variant

TAU = 3
SMALL = ModelConfig((3,), "conv", (4,), frame_size=(8, 8))
FRAMES = jnp.asarray(np.random.default_rng(1).integers(0, 2, (2, TAU + 1, 8, 8, 1)), np.float32)


def make(loss="bce", tx=None, config=SMALL, **weights):
    """A model, a state whose flow is not zero, and the update without a penalty of the flow."""
    model = Autoencoder(replace(config, output=LOSSES[loss].output), convolution="direct")
    tx = tx or optax.sgd(0.1)
    params = jax.tree.map(lambda a: a + np.float32(0.02), initial_parameters(model))
    state = TrainState(jnp.int32(0), params, tx.init(params), jax.random.key(0))
    weights = {"smoothness_weight": 0.0} | weights
    return model, state, make_train_step(model, tx, loss=loss, tau=TAU, **weights)


def assert_descends(step, state, objective, frames=FRAMES):
    """The update is gradient descent, of rate 0.1, on an objective; returns its metrics."""
    value, gradient = jax.jit(jax.value_and_grad(objective))(state.params)
    new, metrics = jax.jit(step)(state, frames)
    assert_trees_close(
        new.params,
        jax.tree.map(lambda p, g: np.asarray(p) - 0.1 * np.asarray(g), state.params, gradient),
        rtol=1e-4,
        atol=1e-6,
    )
    np.testing.assert_allclose(metrics["loss"], value, rtol=1e-5)
    norm = np.sqrt(sum(np.sum(np.square(g)) for g in jax.tree.leaves(gradient)))
    np.testing.assert_allclose(metrics["gradient_norm"], norm, rtol=1e-4)
    return metrics


def assert_trees_close(ours, expected, **tolerances):
    jax.tree.map(partial(np.testing.assert_allclose, **tolerances), ours, expected)


@pytest.mark.parametrize("loss", LOSSES)
def test_update_equals_gradient_descent_on_the_explicit_objective(loss):
    """The injected penalty acts as the term w_H H(T) of eq. 5."""
    weight = 50.0  # so that the penalty's share shows
    plain, state, step = make(loss, smoothness_weight=weight)

    def objective(params):
        output = plain.apply({"params": params}, FRAMES[:, :TAU])
        terms = LOSSES[loss].terms(output.prediction, FRAMES[:, TAU])
        return sum(terms.values()) + weight * flow_roughness(output.flow, delta=1e-3)

    assert_descends(step, state, objective)


def test_several_targets_are_the_mean_of_each_frame_predicted_from_those_before_it():
    weight = 50.0
    plain, state, step = make(smoothness_weight=weight, num_targets=2)

    def objective(params):
        values = []
        for fed in (TAU - 1, TAU):
            output = plain.apply({"params": params}, FRAMES[:, :fed])
            terms = LOSSES["bce"].terms(output.prediction, FRAMES[:, fed])
            values.append(sum(terms.values()) + weight * flow_roughness(output.flow, delta=1e-3))
        return sum(values) / 2

    assert_descends(step, state, objective)


@pytest.mark.parametrize("loss", ["bce", "intensity"])
def test_frames_further_ahead_follow_from_predictions(loss):
    weight = 50.0
    plain, state, step = make(loss, smoothness_weight=weight, num_targets=2, frames_ahead=3)
    frames = jnp.asarray(np.random.default_rng(2).integers(0, 2, (2, TAU + 3, 8, 8, 1)), np.float32)

    def objective(params):
        values, seen = [], frames[:, : TAU - 1]
        for fed in range(TAU - 1, TAU + 3):
            output = plain.apply({"params": params}, seen)
            terms = LOSSES[loss].terms(output.prediction, frames[:, fed])
            values.append(sum(terms.values()) + weight * flow_roughness(output.flow, delta=1e-3))
            image = jnp.clip(plain.intensity(output.prediction), 0, 1)
            following = frames[:, fed] if fed < TAU else image
            seen = jnp.concatenate([seen, following[:, None]], axis=1)
        return sum(values) / 4

    assert_descends(step, state, objective, frames)


def test_sparsity_adds_the_mean_length_of_the_flows_components():
    weight = 3.0
    model, state, step = make("intensity", sparsity_weight=weight)

    def objective(params):
        output = model.apply({"params": params}, FRAMES[:, :TAU])
        terms = LOSSES["intensity"].terms(output.prediction, FRAMES[:, TAU])
        u, v = jnp.moveaxis(output.flow, -1, 0)
        return terms["intensity"] + weight * (jnp.mean(jnp.abs(u)) + jnp.mean(jnp.abs(v))) / 2

    metrics = assert_descends(step, state, objective)
    assert metrics["sparsity"] > 0.01


@pytest.mark.parametrize("exclude", [False, True])
def test_the_photometric_error_counts_by_its_weight(exclude):
    weight = 3.0
    options = {"photometric_weight": weight, "exclude_occluded": exclude}
    model, state, step = make(num_targets=2, **options)
    head = state.params["flow_head"]
    longer = head | {"scale": 20 * head["scale"]}  # so that some flow leads out of the frame
    state = state.replace(params=state.params | {"flow_head": longer})

    def objective(params):
        values = []
        for fed in (TAU - 1, TAU):
            output = model.apply({"params": params}, FRAMES[:, :fed])
            last, target = FRAMES[:, fed - 1], FRAMES[:, fed]
            terms = LOSSES["bce"].terms(output.prediction, target)
            error = photometric_error(last, target, output.flow, exclude_occluded=exclude)
            values.append(terms["cross_entropy"] + weight * error)
        return sum(values) / 2

    metrics = assert_descends(step, state, objective)
    share = (metrics["loss"] - metrics["cross_entropy"]) / weight
    np.testing.assert_allclose(metrics["photometric"], share, rtol=1e-4)


def test_the_photometric_weight_may_fall_by_update():
    (_, state, fixed), (*_, falling) = (
        make(photometric_weight=weight) for weight in (1.5, optax.linear_schedule(2.0, 0.0, 4))
    )
    second = state.replace(step=jnp.int32(1))  # 2 * (1 - 1 / 4)
    (ours, metrics), (theirs, expected) = (jax.jit(f)(second, FRAMES) for f in (falling, fixed))
    assert_trees_close(ours.params, theirs.params, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(metrics["loss"], expected["loss"], rtol=1e-6)


def test_the_target_frame_does_not_reach_the_prediction():
    model, state, _ = make()
    changed = np.array(FRAMES)
    changed[:, TAU] = 1 - changed[:, TAU]

    def predict(frames):
        return model.apply({"params": state.params}, frames[:, :TAU]).prediction

    run = jax.jit(predict)
    np.testing.assert_array_equal(run(FRAMES), run(changed))
    # and every frame that is fed in does
    jacobian = jax.jit(jax.grad(lambda f: predict(f).sum()))(FRAMES)
    reached = np.abs(jacobian).max(axis=(0, 2, 3, 4))
    assert (reached[:TAU] > 0).all()
    assert reached[TAU] == 0


def test_windows_are_consecutive_and_cover_all_starts():
    frames = np.broadcast_to(np.arange(7.0)[None, :, None, None, None], (64, 7, 2, 2, 1))
    draw = jax.jit(random_windows, static_argnums=2)
    windows = np.asarray(draw(jax.random.key(0), frames, 4))[..., 0, 0, 0]
    np.testing.assert_array_equal(windows - windows[:, :1], np.tile(np.arange(4), (64, 1)))
    assert set(windows[:, 0]) == {0, 1, 2, 3}


def test_windows_change_with_the_update():
    _, state, step = make()
    step = jax.jit(step)
    frames = np.random.default_rng(2).integers(0, 2, (2, 12, 8, 8, 1)).astype(np.float32)
    losses = {float(step(state.replace(step=jnp.int32(n)), frames)[1]["loss"]) for n in range(4)}
    assert len(losses) > 1


def test_jit_with_donation_equals_eager_and_counts_updates():
    # Few sizes, so that few operations are compiled.
    config = ModelConfig((2,), "conv", (2,), frame_size=(8, 8))
    _, state, step = make("intensity", optax.sgd(0.1, momentum=0.9), config)
    eager, eager_metrics = step(step(state, FRAMES)[0], FRAMES)
    jitted = jax.jit(step, donate_argnums=0)
    state, metrics = jitted(jitted(state, FRAMES)[0], FRAMES)
    assert int(state.step) == 2
    assert_trees_close((state.params, metrics), (eager.params, eager_metrics), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_learns(name):
    """Loss after a few updates on one small batch is below that of the first."""
    config = replace(get_variant(name), frame_size=(16, 16))
    model = Autoencoder(config, convolution="fourier")  # as larger batches are convolved
    tx = optax.adam(1e-3)
    state = init_state(model, tx, KEY, (16, 16, 1))
    frames = np.zeros((1, 3, 16, 16, 1), np.float32)
    frames[:, :, 4:9, 6:12] = 1
    step = jax.jit(make_train_step(model, tx, loss="bce", tau=2), donate_argnums=0)
    losses = []
    for _ in range(6):
        state, metrics = step(state, frames)
        losses.append(float(metrics["loss"]))
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize(
    "loss, message",
    [
        ("l3", "unknown loss 'l3'; known: bce, intensity"),
        ("sum", "loss 'sum' takes a model whose output is 'intensity'; this one's is 'logit'"),
    ],
)
def test_losses_that_the_model_cannot_have_are_named(loss, message):
    with pytest.raises(ValueError, match=message):
        make_train_step(Autoencoder(SMALL), optax.sgd(0.1), loss=loss, tau=3)


@pytest.mark.parametrize(
    "frames, rate, culprit",
    [
        (FRAMES.at[1, 2, 3, 4].set(jnp.nan), 0.1, "loss"),
        (FRAMES, 3e38, "update_norm"),
    ],
)
def test_an_update_that_is_not_finite_changes_nothing_but_the_count(frames, rate, culprit):
    _, state, step = make(tx=optax.sgd(rate, momentum=0.9))
    new, metrics = jax.jit(step)(state, frames)
    assert not np.isfinite(metrics[culprit])
    assert metrics["skipped"] == 1
    assert int(new.step) == 1
    for ours, before in ((new.params, state.params), (new.opt_state, state.opt_state)):
        jax.tree.map(np.testing.assert_array_equal, ours, before)
