import io

import numpy as np
import pytest
from PIL import Image

from experiments.pictures import FLOW_SCALE
from experiments.pictures.samples import flow_image, png, sample_picture


def colour(u, v):
    return flow_image(np.full((1, 1, 2), (u, v), np.float32))[0, 0].astype(int)


def test_no_motion_is_white_and_unknown_black():
    assert (colour(0, 0) == 255).all()
    assert (colour(np.nan, 0) == 0).all()


@pytest.mark.parametrize(
    "u, v, strong, weak",
    [  # the wheel of Baker et al. 2011: right red, down yellow, left cyan, up violet
        (1, 0, [0], [1, 2]),
        (0, 1, [0, 1], [2]),
        (-1, 0, [1, 2], [0]),
        (0, -1, [2], [1]),
    ],
)
def test_hue_is_the_direction(u, v, strong, weak):
    rgb = colour(u * FLOW_SCALE, v * FLOW_SCALE)
    assert rgb[strong].min() > 180
    assert rgb[weak].max() < 60


def test_scale_is_fixed_across_pictures():
    half = colour(FLOW_SCALE / 2, 0)
    full = colour(FLOW_SCALE, 0)
    assert half[1] - full[1] > 100
    # the same flow has the same colour whatever else is in the picture
    beside = flow_image(np.array([[[FLOW_SCALE / 2, 0], [100, 0]]], np.float32))[0, 0]
    assert (beside == half).all()


def test_picture_has_a_tile_for_each_frame_and_a_legend():
    generator = np.random.default_rng(0)
    frames = generator.uniform(size=(2, 3, 16, 16, 1)).astype(np.float32)
    flow = np.zeros((2, 8, 8, 2), np.float32)
    picture = sample_picture(frames, frames[:, 0], 3 * frames[:, 1] - 1, {"flow": flow})
    decoded = np.asarray(Image.open(io.BytesIO(png(picture))))
    np.testing.assert_array_equal(decoded, picture)
    tile, margin, header, zoom = 32, 4, 14, 2
    assert picture.shape == (header + 2 * (tile + margin), margin + 7 * (tile + margin), 3)

    def shown(row, column):
        top, left = header + row * (tile + margin), margin + column * (tile + margin)
        return picture[top : top + tile : zoom, left : left + tile : zoom]

    expected = np.round(255 * frames[1, 2, ..., 0])
    np.testing.assert_array_equal(shown(1, 2), np.repeat(expected[..., None], 3, axis=-1))
    clipped = np.round(255 * np.clip(3 * frames[0, 1, ..., 0] - 1, 0, 1))
    np.testing.assert_array_equal(shown(0, 4)[..., 0], clipped)
    assert (shown(1, 5) == 255).all()
    # the legend shows the flow (x, y) at the place (x, y): red at its right end
    red, green, blue = shown(0, 6)[8, 14].astype(int)
    assert red > 180
    assert max(green, blue) < 120
