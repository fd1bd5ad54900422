import jax.numpy as jnp
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, uniform_filter

from vstm.metrics import METRICS
from vstm.metrics import frames as metrics
from vstm.metrics.scores import MeanScores, frame_scores


def images(seed, size=20):
    generator = np.random.default_rng(seed)
    return generator.uniform(size=(2, size, size, 1)).astype(np.float32)


def test_cross_entropy_is_one_mean_a_frame(x64):
    probability = np.array([0.9, 0.2])[:, None, None, None] * np.ones((2, 3, 4, 1))
    logits = jnp.asarray(np.log(probability / (1 - probability)))
    target = jnp.ones((2, 3, 4, 1)).at[:, 0].set(0)
    expected = [-(2 * np.log(p) + np.log(1 - p)) / 3 for p in (0.9, 0.2)]
    np.testing.assert_allclose(metrics.cross_entropy(logits, target), expected)


def test_nats_per_frame_add_up_over_the_pixels(x64):
    logits = jnp.asarray(np.random.default_rng(0).normal(size=(2, 3, 4, 1)))
    target = jnp.asarray(images(1, 20)[:, :3, :4].round())
    probability = 1 / (1 + np.exp(-np.asarray(logits)))
    likelihood = np.where(target > 0.5, probability, 1 - probability)
    expected = -np.log(likelihood).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(metrics.nats_per_frame(logits, target), expected)


def test_squared_and_absolute_error_and_psnr():
    target = np.zeros((2, 4, 4, 1), np.float32)
    prediction = np.stack([np.full((4, 4, 1), 0.1), np.full((4, 4, 1), 0.5)]).astype(np.float32)
    ours = [
        f(jnp.asarray(prediction), jnp.asarray(target))
        for f in (metrics.mean_squared_error, metrics.psnr, metrics.mean_absolute_error)
    ]
    np.testing.assert_allclose(ours[0], [0.01, 0.25], rtol=1e-5)
    np.testing.assert_allclose(ours[1], [20, 10 * np.log10(4)], rtol=1e-5)
    np.testing.assert_allclose(ours[2], [0.1, 0.5], rtol=1e-5)


def ssim_scipy(a, b):
    """Wang et al. 2004, eq. 13, on whole 11x11 windows."""

    def blur(image):
        return gaussian_filter(image, 1.5, radius=5)[5:-5, 5:-5]

    a, b = a.astype(np.float64), b.astype(np.float64)
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    return np.mean(
        (2 * mean_a * mean_b + c1)
        * (2 * covariance + c2)
        / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    )


def test_ssim_equals_scipy():
    a = images(0)
    b = np.clip(0.7 * a + 0.3 * images(1), 0, 1)
    expected = [ssim_scipy(x[..., 0], y[..., 0]) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(metrics.ssim(jnp.asarray(a), jnp.asarray(b)), expected, rtol=1e-5)


def benchmark_ssim(a, b):
    """As `skimage.metrics.structural_similarity(a, b)` of 0.19 computes it for floats."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    mean_a, mean_b = uniform_filter(a, 7), uniform_filter(b, 7)
    unbiased = 49 / 48
    var_a = unbiased * (uniform_filter(a * a, 7) - mean_a**2)
    var_b = unbiased * (uniform_filter(b * b, 7) - mean_b**2)
    covariance = unbiased * (uniform_filter(a * b, 7) - mean_a * mean_b)
    c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2
    similarity = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    similarity /= (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    return similarity[3:-3, 3:-3].mean()


def test_uniform_ssim_is_that_of_the_benchmarks():
    a = images(0)
    b = np.clip(0.7 * a + 0.3 * images(1), 0, 1)
    expected = [benchmark_ssim(x[..., 0], y[..., 0]) for x, y in zip(a, b, strict=True)]
    ours = metrics.uniform_ssim(jnp.asarray(a), jnp.asarray(b))
    np.testing.assert_allclose(ours, expected, rtol=1e-5)


def test_all_metrics_take_the_prediction_clipped():
    target = jnp.asarray(images(2).round())
    beyond = 3 * target - 1  # -1 and 2
    np.testing.assert_array_equal(metrics.mean_squared_error(beyond, target), [0, 0])
    np.testing.assert_array_equal(metrics.mean_absolute_error(beyond, target), [0, 0])
    np.testing.assert_allclose(metrics.uniform_ssim(beyond, target), 1, rtol=1e-5)
    np.testing.assert_allclose(metrics.ssim(beyond, target), 1, rtol=1e-5)
    assert np.isinf(metrics.psnr(beyond, target)).all()


@pytest.mark.parametrize("shape", [(10, 30), (30, 10)])
def test_ssim_of_frames_smaller_than_its_window_is_refused(shape):
    frames = jnp.zeros((2, *shape, 1))
    with pytest.raises(ValueError, match=rf"{shape[0]}x{shape[1]} pixels; expected at least 11x11"):
        metrics.ssim(frames, frames)


@pytest.mark.parametrize("name", METRICS)
def test_each_is_one_scalar_a_frame(name):
    metric = METRICS[name].values
    frames = jnp.asarray(np.stack([images(3, 12), images(4, 12), images(5, 12)]))
    values = metric(frames, frames[:1] * jnp.ones((3, 1, 1, 1, 1)))
    assert values.shape == (3, 2)
    np.testing.assert_allclose(values[2, 1], metric(frames[2, 1], frames[0, 1]), rtol=1e-5)


def test_scores_are_those_that_a_kind_of_prediction_and_a_size_of_frame_have():
    frames = jnp.asarray(images(0))
    intensity, logit = (set(frame_scores(frames, frames, takes=t)) for t in ("intensity", "logit"))
    assert logit == {"cross_entropy", "nats_per_frame"}
    assert intensity == METRICS.keys() - logit
    assert set(frame_scores(frames[:, :8], frames[:, :8])) == intensity - {"ssim"}


def test_an_exact_frame_counts_100_decibels():
    frames = jnp.asarray(images(0, 8))
    np.testing.assert_array_equal(frame_scores(frames, frames)["psnr"], [100, 100])


def test_means_are_over_the_frames_that_count():
    means = MeanScores()
    means.add({"psnr": jnp.array([1.0, 2.0, 90.0])}, 2)
    means.add({"psnr": jnp.array([6.0, 90.0, 90.0])}, 1)
    assert means.result() == dict.fromkeys(METRICS, None) | {"psnr": 3}


def test_what_would_broadcast_or_wrap_around_is_refused(unchecked_annotations):
    frames = np.full((2, 16, 16, 1), 255, np.uint8)
    for name in METRICS:
        with pytest.raises(ValueError, match="prediction of uint8: expected real numbers, of im"):
            METRICS[name].values(frames, frames)
        with pytest.raises(ValueError, match=r"expected frames .* of one shape"):
            METRICS[name].values(frames / 255, frames[..., 0] / 255)


def test_an_unknown_kind_of_prediction_is_named():
    with pytest.raises(ValueError, match="takes='logits': expected one of intensity, logit"):
        frame_scores(jnp.zeros((1, 16, 16, 1)), jnp.zeros((1, 16, 16, 1)), takes="logits")
