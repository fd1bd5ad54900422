import numpy as np
import pytest
from scipy.ndimage import binary_erosion, gaussian_filter

from experiments.measure.video.still import SIGMA, smoothed, still_pixels

SIZE = 40, 48


@pytest.fixture
def frame():
    return np.random.default_rng(0).random(SIZE)


def test_smoothed_as_by_scipy(frame):
    expected = gaussian_filter(frame, SIGMA, mode="nearest", truncate=3)
    np.testing.assert_allclose(smoothed(frame), expected, rtol=1e-12)


def test_all_is_still_in_equal_frames_and_under_noise(frame):
    noise = np.random.default_rng(1).normal(scale=0.8 / 255, size=(3, *SIZE))
    # |difference| of two such has a mean of 2 / sqrt(pi) times that, 0.9 levels
    none = np.zeros((*SIZE, 2))
    assert still_pixels(frame, frame, frame, none).all()
    frames = frame + 0.5 * noise
    assert still_pixels(*frames, none).all()
    assert not still_pixels(*(frame + 2 * noise), none).any()


@pytest.mark.parametrize("changed", [0, 2])
def test_what_changes_in_either_pair_of_frames_is_not_still_nor_is_its_neighbourhood(
    frame, changed
):
    frames = [frame.copy() for _ in range(3)]
    frames[changed][20, 10] += 0.5
    change = gaussian_filter(np.abs(frames[changed] - frame), SIGMA, mode="nearest", truncate=3)
    expected = binary_erosion(change < 1 / 255, np.ones((5, 5)), border_value=1)
    found = still_pixels(*frames, np.zeros((*SIZE, 2)))
    np.testing.assert_array_equal(found, expected)
    assert not found[20, 10] and found[20, 30]


def test_what_the_reference_moves_is_not_still(frame):
    flow = np.zeros((*SIZE, 2))
    flow[:, 10] = 0.08, 0.08  # 0.113 px
    flow[:, 30] = 0.06, 0.06
    found = still_pixels(frame, frame, frame, flow)
    expected = np.ones(SIZE, bool)
    expected[:, 8:13] = False
    np.testing.assert_array_equal(found, expected)
