import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vstm.losses import LOSSES, binary_cross_entropy, gradient_error, intensity_error
from vstm.losses.photometric import photometric_error
from vstm.model import Autoencoder
from vstm.modules.model_config import ModelConfig

pytestmark = pytest.mark.usefixtures("strict_promotion")

PREDICTION = np.array([[0.0, 0.5, 1.0], [1.0, 0.0, 0.25]])[..., None]
TARGET = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]])[..., None]


def test_cross_entropy_by_hand(x64):
    logits = jnp.array([0.0, np.log(3), -np.log(3)])[None, :, None]
    target = jnp.array([1.0, 1.0, 1.0])[None, :, None]
    expected = -np.log([0.5, 0.75, 0.25])  # p = 1 / (1 + exp(-z))
    np.testing.assert_allclose(binary_cross_entropy(logits, target)[0, :, 0], expected)


def test_cross_entropy_of_a_soft_target(x64):
    p, y = 0.8, 0.3
    logit = jnp.full((1, 1, 1), np.log(p / (1 - p)))
    expected = -y * np.log(p) - (1 - y) * np.log(1 - p)
    np.testing.assert_allclose(binary_cross_entropy(logit, jnp.full((1, 1, 1), y)), expected)


def test_cross_entropy_of_large_logits_is_finite_with_gradient():
    logits = jnp.array([200.0, -200.0])[None, :, None]
    target = jnp.array([0.0, 0.0])[None, :, None]
    np.testing.assert_allclose(binary_cross_entropy(logits, target)[0, :, 0], [200, 0])
    gradient = jax.grad(lambda z: jnp.sum(binary_cross_entropy(z, target)))(logits)
    np.testing.assert_allclose(gradient[0, :, 0], [1, 0], atol=1e-6)


def test_intensity_error_by_hand():
    error = intensity_error(jnp.asarray(PREDICTION), jnp.asarray(TARGET))
    np.testing.assert_allclose(error[..., 0], [[0, 0.25, 1], [0, 1, 0.0625]])


def test_gradient_error_by_hand():
    # difference d = [[0, .5, 1], [0, -1, .25]]; central differences, edges repeated
    d_dx = np.array([[0.25, 0.5, 0.25], [-0.5, 0.125, 0.625]])
    d_dy = np.array([[0, -0.75, -0.375], [0, -0.75, -0.375]])
    error = gradient_error(jnp.asarray(PREDICTION), jnp.asarray(TARGET))
    np.testing.assert_allclose(error[..., 0], d_dx**2 + d_dy**2)


def test_terms_are_means_over_pixels_and_sum_has_both():
    prediction, target = jnp.asarray(PREDICTION), jnp.asarray(TARGET)
    terms = LOSSES["sum"].terms(prediction, target)
    np.testing.assert_allclose(terms["intensity"], 2.3125 / 6, rtol=1e-6)
    d = np.array([0.25, 0.5, 0.25, 0.5, 0.125, 0.625, 0.75, 0.375, 0.75, 0.375])
    np.testing.assert_allclose(terms["gradient"], (d**2).sum() / 6, rtol=1e-6)
    assert set(terms) == {"intensity", "gradient"}


@pytest.mark.parametrize("loss", LOSSES)
def test_perfect_prediction_costs_nothing(loss):
    target = jnp.asarray(TARGET)
    output = 100 * (2 * target - 1) if loss == "bce" else target
    assert sum(LOSSES[loss].terms(output, target).values()) < 1e-6


def test_output_is_a_logit_for_cross_entropy_only():
    assert [name for name, loss in LOSSES.items() if loss.output == "logit"] == ["bce"]
    output = jnp.array([0.0, 2.0])
    logits, intensities = (Autoencoder(ModelConfig(output=o)) for o in ("logit", "intensity"))
    np.testing.assert_allclose(logits.intensity(output), [0.5, 1 / (1 + np.exp(-2))])
    np.testing.assert_array_equal(intensities.intensity(output), output)


FRAME = jnp.zeros((2, 8, 8, 1))


@pytest.mark.parametrize(
    "output, target, weight, reason",
    [
        (FRAME, FRAME[..., 0], 1.0, r"output of shape \(2, 8, 8, 1\), target of shape \(2, 8, 8\)"),
        (FRAME, FRAME[:1], 1.0, "expected frames .* of one shape"),
        (FRAME, FRAME.astype(jnp.uint8), 1.0, "target of uint8: expected real numbers"),
        (FRAME, FRAME, jnp.ones(2), r"weight of shape \(2,\): expected .* \(2, 1, 1, 1\)"),
        (FRAME, FRAME, jnp.ones((3, 1, 1, 1)), r"weight of shape \(3, 1, 1, 1\)"),
    ],
)
def test_what_would_broadcast_or_wrap_around_is_refused(
    output, target, weight, reason, unchecked_annotations
):
    for loss in ("bce", "intensity", "sum"):
        with pytest.raises(ValueError, match=reason):
            LOSSES[loss].terms(output, target, weight)
    with pytest.raises(ValueError, match=reason.replace("output", "frames").replace("get", "gets")):
        photometric_error(output, target, jnp.zeros((2, 4, 4, 2)), weight=weight)


@pytest.mark.parametrize("size", [(3, 3), (4, 2), (16, 16)])
def test_flow_of_a_map_that_does_not_divide_the_frame_is_refused(size):
    with pytest.raises(ValueError, match="a map whose sides divide 8x8 pixels"):
        photometric_error(FRAME, FRAME, jnp.zeros((2, *size, 2)))
