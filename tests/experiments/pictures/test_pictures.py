import io

import numpy as np
import pytest
from PIL import Image

from experiments.measure import warp
from experiments.pictures import FLOW_SCALE
from experiments.pictures.flow_colours import flow_image, legend
from experiments.pictures.samples import png, sample_picture


def colour(u, v):
    """That of a thing that moves by (u, v)."""
    return flow_image(np.full((1, 1, 2), (-u, -v), np.float32))[0, 0].astype(int)


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
def test_hue_is_the_way_that_things_go(u, v, strong, weak):
    rgb = colour(u * FLOW_SCALE, v * FLOW_SCALE)
    assert rgb[strong].min() > 180
    assert rgb[weak].max() < 60


def test_scale_is_fixed_across_pictures():
    half = colour(FLOW_SCALE / 2, 0)
    full = colour(FLOW_SCALE, 0)
    assert half[1] - full[1] > 100
    # the same flow has the same colour whatever else is in the picture
    beside = flow_image(np.array([[[-FLOW_SCALE / 2, 0], [100, 0]]], np.float32))[0, 0]
    assert (beside == half).all()


def test_legend_shows_each_motion_at_its_place_whatever_the_scale():
    for scale in (FLOW_SCALE, 0.5):
        disc = legend(101, scale)[:101, :101].astype(int)
        np.testing.assert_array_equal(disc[50, 50], 255)
        np.testing.assert_allclose(disc[50, 100], colour(FLOW_SCALE, 0), atol=8)
        np.testing.assert_allclose(disc[50, 25], colour(-FLOW_SCALE / 2, 0), atol=8)
        np.testing.assert_allclose(disc[100, 50], colour(0, FLOW_SCALE), atol=8)
    assert (legend(101, 5.0)[101:] != legend(101, 0.5)[101:]).any()  # the scale is written there


def test_figure_of_sintel_shows_its_forward_flow_so_too(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(
        warp, "flow_image", lambda flow, scale: shown.append(flow) or flow_image(flow)
    )
    flow = np.full((12, 14, 2), (-3, 0), np.float32)  # frame t to t + 1: all goes left
    pair = {
        "frames": np.zeros((2, 12, 14, 3), np.float32),
        "flow": flow,
        "visible": np.ones((12, 14), bool),
    }
    warp.figure(pair, tmp_path / "figure3.png")
    np.testing.assert_array_equal(flow_image(shown[0])[5, 5], colour(-3, 0))


def test_picture_has_a_tile_for_each_frame_and_a_legend():
    generator = np.random.default_rng(0)
    frames = generator.uniform(size=(2, 3, 16, 16, 1)).astype(np.float32)
    flow = np.zeros((2, 8, 8, 2), np.float32)
    picture = sample_picture(frames, frames[:, 0], 3 * frames[:, 1] - 1, {"flow": flow})
    decoded = np.asarray(Image.open(io.BytesIO(png(picture))))
    np.testing.assert_array_equal(decoded, picture)
    tile, margin, header, zoom = 32, 4, 15, 2
    height, width, _ = legend(tile, FLOW_SCALE).shape
    rows, columns = max(2 * (tile + margin), height), margin + 6 * (tile + margin)
    assert picture.shape == (header + rows, columns + width + margin, 3)
    with Image.open(io.BytesIO(png(picture))) as image:
        assert image.mode == "RGB"

    def shown(row, column):
        top, left = header + row * (tile + margin), margin + column * (tile + margin)
        return picture[top : top + tile : zoom, left : left + tile : zoom]

    expected = np.round(255 * frames[1, 2, ..., 0])
    np.testing.assert_array_equal(shown(1, 2), np.repeat(expected[..., None], 3, axis=-1))
    clipped = np.round(255 * np.clip(3 * frames[0, 1, ..., 0] - 1, 0, 1))
    np.testing.assert_array_equal(shown(0, 4)[..., 0], clipped)
    assert (shown(1, 5) == 255).all()
    # the legend shows motion to the right at its right end: red
    red, green, blue = shown(0, 6)[8, 14].astype(int)
    assert red > 180
    assert max(green, blue) < 120
