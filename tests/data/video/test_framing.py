import numpy as np
import pytest
from PIL import Image

from data.video.framing import centre_square, fit


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
