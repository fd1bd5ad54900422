"""Moving MNIST: paths and speeds of the digits."""

import numpy as np
import pytest
from made_digits import SIDE, make_source

from data.moving_mnist import generator as moving_mnist
from data.moving_mnist.generator import _bounce


def reference_path(position: float, velocity: float, num_frames: int) -> list[float]:
    """One coordinate of the reference generator of Srivastava et al."""
    path = []
    for _ in range(num_frames):
        position += velocity
        if position <= 0:
            position = 0.0
            velocity = -velocity
        if position >= 1.0:
            position = 1.0
            velocity = -velocity
        path.append(position)
    return path


@pytest.mark.parametrize("speed", [0.0, 0.1, 0.37, 1.0])
def test_paths_are_those_of_the_reference_generator(speed):
    rng = np.random.default_rng(0)
    start = rng.random((30, 2))
    angle = 2 * np.pi * rng.random(30)
    velocity = speed * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    start_before, velocity_before = start.copy(), velocity.copy()
    path = _bounce(start, velocity, 40)
    for k in range(30):
        for axis in range(2):
            expected = reference_path(float(start[k, axis]), float(velocity[k, axis]), 40)
            assert path[:, k, axis].tolist() == expected
    assert speed < 0.1 or ((path == 0).any() and (path == 1).any())
    np.testing.assert_array_equal(start, start_before)
    np.testing.assert_array_equal(velocity, velocity_before)


def test_path_that_ends_exactly_at_the_border_is_reflected_there():
    path = _bounce(np.array([[0.5, 0.5]]), np.array([[0.25, -0.25]]), 5)
    assert path[:, 0, 0].tolist() == [0.75, 1.0, 0.75, 0.5, 0.25]
    assert path[:, 0, 1].tolist() == [0.25, 0.0, 0.25, 0.5, 0.75]


def test_positions_are_rounded_down(monkeypatch):
    path = np.array([[[0.999, 1.0]], [[0.5, 0.013]], [[0.0, 0.028]]])
    monkeypatch.setattr(moving_mnist, "_bounce", lambda start, velocity, num_frames: path)
    item = make_source(num_digits=1, sequence_length=3).with_ground_truth(0)
    assert item["positions"].tolist() == [[[35, 36]], [[18, 0]], [[0, 1]]]  # of 36 pixels


def free_speeds(positions: np.ndarray, way: int) -> np.ndarray:
    """Speed of each digit, pixels per frame, from its steps that end inside (0, way) [n].

    Reflection turns the direction only, so that |dx| and |dy| stay what they are but for rounding.
    """
    step = np.abs(np.diff(positions.astype(float), axis=0))
    free = (positions[1:] > 0) & (positions[1:] < way)
    assert free.any(axis=0).all()
    fastest = np.where(free, step, -np.inf).max(axis=0)
    slowest = np.where(free, step, np.inf).min(axis=0)
    assert (fastest - slowest <= 1).all()
    return np.linalg.norm((fastest + slowest) / 2, axis=-1)


@pytest.mark.parametrize("image_size, step", [(64, 0.1), (228, 0.1), (228, 0.25)])
def test_constant_speed_is_a_share_of_the_free_path(image_size, step):
    way = image_size - SIDE
    source = make_source(image_size=image_size, step=step, sequence_length=8)
    for i in range(10):
        positions = source.with_ground_truth(i)["positions"]
        assert positions.min() >= 0 and positions.max() <= way
        # Each coordinate is within 1 pixel, as positions are rounded down.
        np.testing.assert_allclose(free_speeds(positions, way), step * way, atol=2**0.5)


def test_drawn_speeds_fill_the_range_up_to_twice_the_step():
    source = make_source(image_size=228, step=0.1, speed="drawn", sequence_length=8, num_digits=3)
    speeds = np.stack(
        [free_speeds(source.with_ground_truth(i)["positions"], 200) for i in range(10)]
    )
    assert speeds.max() <= 40 + 2**0.5
    assert speeds.min() < 10 and speeds.max() > 30
    assert (np.ptp(speeds, axis=1) > 2).all()  # the digits of a sequence differ


def test_step_of_zero_stands_still():
    positions = make_source(step=0.0).with_ground_truth(0)["positions"]
    np.testing.assert_array_equal(positions, np.broadcast_to(positions[:1], positions.shape))


def test_digits_start_everywhere_and_move_in_every_direction():
    source = make_source(100, image_size=128, step=0.05, sequence_length=2)
    positions = np.stack([source.with_ground_truth(i)["positions"] for i in range(100)])
    first = positions[:, 0].reshape(-1, 2)
    step = np.diff(positions.astype(int), axis=1).reshape(-1, 2)
    for right in (False, True):
        for low in (False, True):
            # A quarter of 200 digits, with a standard deviation of 6.
            assert 25 < ((first >= 50) == (right, low)).all(axis=1).sum() < 75
            assert 25 < ((step > 0) == (right, low)).all(axis=1).sum() < 75
