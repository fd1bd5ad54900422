import numpy as np
import pytest
from PIL import Image

from data.video.random_square import random_square


def ramp(height, width):
    """Grey level 2x + y, so that places can be read off."""
    return (2 * np.arange(width) + np.arange(height)[:, None]).astype(np.uint8)


def scale_of(square):
    """Frame pixels per pixel of a square of a ramp whose level is x."""
    middle = square.shape[-1] // 2
    return (square[0, middle, -4].astype(float) - square[0, middle, 3]) / (square.shape[-1] - 7)


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
        assert random_square(np.zeros((2, size, size), np.uint8), 64, rng, max_pan=1.0).shape[
            1:
        ] == (
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


def test_scales_are_drawn_log_uniformly_from_their_range():
    frames = np.tile(np.arange(200, dtype=np.uint8), (2, 200, 1))
    rng = np.random.default_rng(0)
    found = [scale_of(random_square(frames, 40, rng, scales=(1.5, 4.0))) for _ in range(300)]
    assert 1.45 < min(found) < 1.55 and 3.9 < max(found) < 4.1
    assert abs(np.median(found) - np.sqrt(1.5 * 4)) < 0.2
    whole = [scale_of(random_square(frames, 40, rng, scales=(4.0, 0.0))) for _ in range(300)]
    assert 3.9 < min(whole) < 4.1 and 4.8 < max(whole) < 5.1
    # Frames that are too small for the smallest scale give their whole shorter side.
    assert abs(scale_of(random_square(frames, 40, rng, scales=(9.0, 12.0))) - 5) < 0.1


def test_a_share_of_the_squares_pans():
    frames = np.tile(np.arange(200, dtype=np.uint8), (3, 100, 1))
    rng = np.random.default_rng(0)
    still = [
        bool(
            (np.diff(random_square(frames, 20, rng, max_pan=4.0, pan_share=0.7), axis=0) == 0).all()
        )
        for _ in range(300)
    ]
    assert abs(np.mean(still) - 0.3) < 0.1


def test_pans_move_by_fractions_of_a_pixel():
    """The phase of a grating tells where each frame's square is, to a twentieth of a pixel."""
    across, period = np.arange(200.0), 20.0
    grating = np.round(127 + 100 * np.sin(2 * np.pi * across / period)).astype(np.uint8)
    frames = np.tile(grating, (9, 200, 1))
    angles = 2 * np.pi * np.arange(40.0) / period
    waves = np.stack([np.sin(angles), np.cos(angles), np.ones(40)], axis=-1)
    speeds = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        square = random_square(frames, 40, rng, scales=(1.0, 1.0), max_pan=1.5)
        sines, cosines, _ = np.linalg.lstsq(waves, square.mean(axis=1).T, rcond=None)[0]
        steps = np.diff(np.unwrap(np.arctan2(cosines, sines))) * period / (2 * np.pi)
        np.testing.assert_allclose(steps, steps.mean(), atol=0.05)
        speeds.append(steps.mean())
    assert np.abs(np.array(speeds) - np.round(speeds)).max() > 0.4


@pytest.mark.parametrize("still_share", [1.0, 0.5, 0.0])
def test_squares_are_drawn_where_something_moves(still_share):
    """Half of the places see something of what blinks at the left, and one of four most likely."""
    frames = np.full((4, 40, 160), 100, np.uint8)
    frames[::2, :, :60] = 140
    rng = np.random.default_rng(0)
    squares = (random_square(frames, 40, rng, still_share=still_share) for _ in range(400))
    seen = [bool((square[0] != square[1]).any()) for square in squares]
    expected = still_share * 0.5 + (1 - still_share) * (1 - 0.5**4)
    assert abs(np.mean(seen) - expected) < 0.06


def test_flashes_and_stillness_leave_places_uniform():
    """Columns show where a square is; a flash changes all of them alike."""
    columns = np.tile(np.arange(0, 160, dtype=np.uint8), (3, 40, 1))
    for frames in (columns, columns + np.uint8([[[0]], [[90]], [[0]]])):
        rng = np.random.default_rng(0)
        lefts = [random_square(frames, 40, rng, still_share=0.0)[0, 0, 0] for _ in range(400)]
        assert np.abs(np.quantile(lefts, [0.25, 0.5, 0.75]) - [30, 60, 90]).max() < 12
