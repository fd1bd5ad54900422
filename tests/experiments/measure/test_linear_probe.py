import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax

from experiments.measure.linear_probe import cells, fit, mean_iou, pixels, predict


def test_cells_gather_the_pixels_below_them():
    labels = np.random.default_rng(0).integers(5, size=(2, 6, 9))
    ours = cells(labels, 3)
    for n in range(2):
        for y in range(2):
            for x in range(3):
                block = labels[n, 3 * y : 3 * y + 3, 3 * x : 3 * x + 3]
                np.testing.assert_array_equal(ours[n, y, x], block.ravel())
    np.testing.assert_array_equal(pixels(ours, 3), labels)


def test_fit_reaches_scipys_minimum():
    generator = np.random.default_rng(0)
    features = generator.normal(1.0, 2.0, size=(3, 4, 4, 2)).astype(np.float32)
    noisy = features @ np.array([1.0, -0.5]) + generator.normal(size=(3, 4, 4))
    labels = np.digitize(noisy, [-0.5, 1.0])  # three classes, cells of one pixel
    decay = 0.02
    probe = fit(features, labels, 3, decay, seed=0)

    flat = features.reshape(-1, 2)
    standardised = (flat - flat.mean(0)) / flat.std(0)

    def objective(x):
        weights, bias = x[:6].reshape(2, 3), x[6:]
        log = log_softmax(standardised @ weights + bias, axis=1)
        return -log[np.arange(48), labels.ravel()].mean() + decay * (weights**2).sum()

    expected = minimize(objective, np.zeros(9))
    ours = np.concatenate([np.ravel(probe.weights), np.ravel(probe.bias)])
    assert objective(ours) == pytest.approx(expected.fun, rel=1e-3)
    np.testing.assert_allclose(probe.weights.reshape(2, 3), expected.x[:6].reshape(2, 3), atol=0.02)


def test_separable_cells_are_labelled_right_pixel_by_pixel():
    generator = np.random.default_rng(0)
    features = generator.normal(size=(4, 5, 5, 3)).astype(np.float32)
    signs = features > 0
    of_cells = np.stack([signs[..., 0], signs[..., 1], signs[..., 2], ~signs[..., 0]], axis=-1)
    labels = pixels(of_cells.astype(int), 2)
    found = predict(fit(features, labels, 2, 1e-6, seed=0), features)
    assert (found == labels).mean() > 0.98


def test_mean_iou_is_over_the_classes_that_occur():
    truth = np.array([[0, 0, 1, 1]])
    labels = np.array([[0, 1, 1, 2]])
    assert mean_iou(labels, truth, 4) == pytest.approx((1 / 2 + 1 / 3) / 2)
