import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from vstm.compiler import compiler_options
from vstm.training.optimizer import learning_rate_schedule, make_optimizer


def test_halving_is_the_papers_rule():
    schedule = learning_rate_schedule("halving", 1e-4, num_steps=10, steps_per_epoch=20.0)
    for epoch in (0, 1, 37.5, 100, 250):
        expected = 1e-4 * 0.5 ** (epoch / 100)
        np.testing.assert_allclose(schedule(epoch * 20), expected, rtol=1e-5)


def test_cosine_rises_over_a_twentieth_then_falls_to_nearly_zero():
    schedule = learning_rate_schedule("cosine", 2.0, num_steps=200, steps_per_epoch=1.0)
    rates = np.array([schedule(step) for step in range(200)])
    assert (rates > 0).all()
    assert rates.argmax() == 10
    np.testing.assert_allclose(rates.max(), 2.0)
    for step in (10, 57, 105, 199):
        expected = 1 + np.cos(np.pi * (step - 10) / 190)
        np.testing.assert_allclose(rates[step], expected, rtol=1e-4, atol=1e-6)


def test_trapezoid_is_constant_between_a_rise_and_a_fall():
    rate = learning_rate_schedule("trapezoid", 2.0, num_steps=100, steps_per_epoch=1.0)
    ours = [float(rate(n)) for n in range(100)]
    rise = [2 * (1 + n) / 6 for n in range(5)]
    fall = [2 * (1 - n / 20) for n in range(20)]
    np.testing.assert_allclose(ours, rise + 75 * [2.0] + fall, rtol=1e-5)


def test_trapezoids_have_their_rise_and_plateau_in_common():
    long, short = (
        learning_rate_schedule("trapezoid", 2.0, num_steps=n, steps_per_epoch=1.0)
        for n in (40_000, 10_000)
    )
    for n in (0, 100, 149, 150, 7_999):
        assert float(long(n)) == float(short(n))


@pytest.mark.parametrize("num_steps", [1, 2, 3])
def test_cosine_of_a_very_short_run_moves_at_every_update(num_steps):
    schedule = learning_rate_schedule("cosine", 1.0, num_steps=num_steps, steps_per_epoch=1.0)
    assert all(schedule(step) > 0 for step in range(num_steps))


def updates(tx, gradients, module="memory"):
    params = {"memory": jnp.zeros(3), "flow_head": jnp.zeros(3)}
    state = tx.init(params)
    for gradient in gradients:
        others = {name: jnp.zeros(3) for name in params}
        gradient = others | {module: jnp.asarray(gradient, jnp.float32)}
        update, state = tx.update(gradient, state, params)
        params = optax.apply_updates(params, update)
    return np.asarray(params[module])


GRADIENTS = [[1.0, -2.0, 60.0], [0.5, 0.0, -80.0], [-3.0, 1.0, 2.0]]


def test_rmsprop_with_element_clipping_equals_loops():
    tx = make_optimizer(
        "rmsprop", optax.constant_schedule(0.1), clip_elements=50.0, clip_global_norm=0.0
    )
    params, square = np.zeros(3), np.zeros(3)
    for gradient in GRADIENTS:
        gradient = np.clip(gradient, -50, 50)
        square = 0.9 * square + 0.1 * gradient**2
        params -= 0.1 * gradient / (np.sqrt(square) + 1e-5)
    np.testing.assert_allclose(updates(tx, GRADIENTS), params, rtol=1e-5)


def test_adam_with_norm_clipping_equals_loops():
    tx = make_optimizer(
        "adam", optax.constant_schedule(0.1), clip_elements=0.0, clip_global_norm=1.0
    )
    params, mean, square = np.zeros(3), np.zeros(3), np.zeros(3)
    for t, gradient in enumerate(GRADIENTS, start=1):
        gradient = np.array(gradient) / max(1, np.linalg.norm(gradient))
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        params -= 0.1 * (mean / (1 - 0.9**t)) / (np.sqrt(square / (1 - 0.999**t)) + 1e-8)
    np.testing.assert_allclose(updates(tx, GRADIENTS), params, rtol=1e-3)


def unclipped_adam(module_rates):
    return make_optimizer(
        "adam",
        optax.constant_schedule(0.1),
        clip_elements=0.0,
        clip_global_norm=0.0,
        module_rates=module_rates,
    )


def test_module_rates_scale_the_named_modules_updates_alone():
    tx = unclipped_adam({"flow_head": 0.25})
    others = updates(tx, GRADIENTS)
    np.testing.assert_allclose(updates(tx, GRADIENTS, "flow_head"), 0.25 * others, rtol=1e-6)
    plain = updates(optax.adam(0.1), GRADIENTS)
    np.testing.assert_allclose(others, plain, rtol=1e-6)


def test_rate_of_an_unknown_module_is_refused():
    tx = unclipped_adam({"flow": 0.5})
    with pytest.raises(ValueError, match=r"no module {'flow'}"):
        updates(tx, GRADIENTS)


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ValueError, match="cosine, trapezoid, halving"):
        learning_rate_schedule("linear", 1.0, num_steps=1, steps_per_epoch=1.0)
    with pytest.raises(ValueError, match="muon, adam, rmsprop"):
        make_optimizer("sgd", optax.constant_schedule(1), clip_elements=0.0, clip_global_norm=0.0)


def orthogonalised(gradient):
    """The iteration acts on singular values alone: s -> 3.4445 s - 4.775 s^3 + 2.0315 s^5."""
    left, singular, right = np.linalg.svd(gradient, full_matrices=False)
    singular /= np.linalg.norm(singular)
    for _ in range(5):
        singular = 3.4445 * singular - 4.775 * singular**3 + 2.0315 * singular**5
    return (left * singular) @ right


def test_muon_makes_the_gradients_of_convolution_kernels_orthogonal():
    generator = np.random.default_rng(0)
    gradient = generator.normal(size=(3, 3, 4, 8)).astype(np.float32)
    gradients = {
        "encoder": {"kernel": jnp.asarray(gradient), "bias": jnp.asarray(gradient[0, 0, 0])},
        "memory": {"kernel": jnp.asarray(gradient), "dense": jnp.asarray(gradient[0, 0])},
    }
    params = jax.tree.map(jnp.zeros_like, gradients)
    tx = make_optimizer(
        "muon", optax.constant_schedule(0.1), clip_elements=0.0, clip_global_norm=0.0
    )
    ours, _ = tx.update(gradients, tx.init(params), params)

    matrix = gradient.reshape(36, 8)
    scale = -0.1 * 0.2 * np.sqrt(36)
    np.testing.assert_allclose(
        ours["encoder"]["kernel"].reshape(36, 8),
        scale * orthogonalised(matrix),
        rtol=1e-3,
        atol=1e-5,
    )
    gates = np.concatenate([orthogonalised(gate) for gate in np.split(matrix, 4, axis=1)], axis=1)
    np.testing.assert_allclose(
        ours["memory"]["kernel"].reshape(36, 8), scale * gates, rtol=1e-3, atol=1e-5
    )
    # NAdam's first update: (0.9 * 0.1 g / (1 - 0.9^2) + g) / |g| times the rate
    first = 0.1 * (0.09 / 0.19 + 1)
    for module, name in (("encoder", "bias"), ("memory", "dense")):
        np.testing.assert_allclose(
            ours[module][name], -first * np.sign(gradients[module][name]), rtol=1e-4
        )


def test_muon_is_exact_as_training_compiles_it():
    """On a kernel as large as the flow head's on a wide memory: kernels of compilers fail there."""
    generator = np.random.default_rng(0)
    gradient = generator.normal(0.3, 1.0, size=(15, 15, 128, 2)).astype(np.float32)
    params = {"flow_head": {"kernel": jnp.zeros(gradient.shape)}, "memory": {}}
    tx = make_optimizer(
        "muon", optax.constant_schedule(0.1), clip_elements=0.0, clip_global_norm=0.0
    )
    step = jax.jit(tx.update, donate_argnums=(0, 1), compiler_options=compiler_options())
    ours, _ = step(
        {"flow_head": {"kernel": jnp.asarray(gradient)}, "memory": {}}, tx.init(params), params
    )
    expected = -0.1 * 0.2 * np.sqrt(28_800) * orthogonalised(gradient.reshape(-1, 2))
    np.testing.assert_allclose(
        ours["flow_head"]["kernel"].reshape(-1, 2), expected, rtol=1e-3, atol=1e-5
    )
