import numpy as np
import pytest
from PIL import Image

from data.video.framing import centre_square, fit, random_square


def ramp(height, width):
    """Grey level 2x + y, so that places can be read off."""
    return (2 * np.arange(width) + np.arange(height)[:, None]).astype(np.uint8)


def test_crop_takes_the_middle():
    image = ramp(20, 50)
    np.testing.assert_array_equal(fit(image, (20, 30), "crop"), image[:, 10:40])
    np.testing.assert_array_equal(fit(image[:, :10], (10, 10), "crop"), image[5:15, :10])


def test_pad_puts_black_around():
    image = ramp(20, 30) + 1
    padded = fit(image, (20, 40), "pad")
    np.testing.assert_array_equal(padded[:, 5:35], image)
    assert not padded[:, :5].any() and not padded[:, 35:].any()


@pytest.mark.parametrize("how", ["crop", "pad"])
@pytest.mark.parametrize("given", [(239, 321), (33, 17), (120, 160), (5, 400)])
def test_any_size_becomes_the_wanted_one_with_its_proportions(how, given):
    x, y = np.meshgrid(np.linspace(-1, 1, given[1]), np.linspace(-1, 1, given[0]))
    image = np.where(abs(x) < 0.5, np.where(abs(y) < 0.5, 200, 100), 100).astype(np.uint8)
    assert fit(image, (60, 80), how).shape == (60, 80)


def test_scaling_is_pils_and_averages_over_what_it_leaves_out():
    stripes = np.zeros((8, 8), np.uint8)
    stripes[::2] = 200
    half = fit(stripes, (4, 4), "crop")
    expected = Image.fromarray(stripes).resize((4, 4), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(half, expected)
    assert abs(half[1:3].astype(int) - 100).max() <= 30


def test_unknown_fit_is_named():
    with pytest.raises(ValueError, match="fit 'stretch'; expected one of crop, pad"):
        fit(ramp(4, 4), (2, 2), "stretch")


def test_centre_square_of_a_wide_frame():
    frames = np.stack([ramp(8, 20), ramp(8, 20) + 1])
    np.testing.assert_array_equal(centre_square(frames, 8), frames[:, :, 6:14])


def test_random_squares_are_the_same_in_all_frames_and_reach_all_sizes_and_places():
    frames = np.stack([ramp(24, 40), ramp(24, 40) + 10])
    rng = np.random.default_rng(0)
    corners, widths = set(), set()
    for _ in range(300):
        square = random_square(frames, 8, rng).astype(int)
        assert square.shape == (2, 8, 8)
        # Rounded after interpolation, so equal to a level.
        assert abs(square[1] - square[0] - 10).max() <= 1
        slope = square[0, 4, 6] - square[0, 4, 1]  # five pixels of 2 levels, times the scale
        widths.add(round(slope / 10 * 8))
        corners.add(square[0, 0, 0])
    assert min(widths) <= 9 and max(widths) >= 23
    assert len(corners) > 40


def test_any_size_gives_squares():
    rng = np.random.default_rng(0)
    for size in range(8, 180):
        assert random_square(np.zeros((2, size, size), np.uint8), 64, rng, 1.0).shape[1:] == (
            64,
            64,
        )


def test_random_square_of_frames_smaller_than_the_square_takes_all_there_is():
    frames = ramp(6, 6)[None]
    square = random_square(frames, 12, np.random.default_rng(0))
    expected = Image.fromarray(frames[0]).resize((12, 12), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(square[0], expected)


def test_squares_pan_at_a_constant_velocity_up_to_the_largest():
    """On a plane, the grey level at a square's corner shows where it is."""
    x, y = np.meshgrid(np.arange(120), np.arange(100))
    frames = np.stack([x, y]).repeat(5, axis=0).astype(np.uint8).reshape(2, 5, 100, 120)
    speeds = []
    for seed in range(200):
        across, down = (
            random_square(plane, 16, np.random.default_rng(seed), max_pan=2.0).astype(float)
            for plane in frames
        )
        scale = (across[0, 8, 12] - across[0, 8, 4]) / 8  # frame pixels per pixel of the square
        path = np.stack([across[:, 8, 8], down[:, 8, 8]], axis=-1)
        steps = np.diff(path, axis=0)
        assert np.abs(steps - steps.mean(axis=0)).max() <= 1.01  # levels are whole numbers
        speeds.append(np.linalg.norm(path[-1] - path[0]) / 4 / scale)
    # Rooms are too small for the fastest of large squares.
    assert 0.6 < np.mean(speeds) < 1.1
    assert 1.5 < max(speeds) < 2.3
