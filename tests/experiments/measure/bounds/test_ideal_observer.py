import itertools
import json

import numpy as np
import pytest
from small_run import run

from experiments.measure.bounds.ideal_observer import expected_frame, mean_motion, nearest_place

CONFIG = "--config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM"


@pytest.mark.parametrize("num_levels", [1, 4])
def test_the_expected_frame_is_the_mean_over_all_places(num_levels):
    generator = np.random.default_rng(num_levels)
    digits = generator.integers(num_levels + 1, size=(2, 3, 3)) / num_levels
    places = generator.random((2, 4, 4)) * (generator.random((2, 4, 4)) < 0.5)
    places /= places.sum(axis=(1, 2), keepdims=True)
    expected = np.zeros((6, 6))
    for corners in itertools.product(itertools.product(range(4), repeat=2), repeat=2):
        frame, probability = np.zeros((6, 6)), 1.0
        for digit, of_digit, (x, y) in zip(digits, places, corners, strict=True):
            window = frame[y : y + 3, x : x + 3]
            window[...] = np.maximum(window, digit)
            probability *= of_digit[x, y]
        expected += probability * frame
    np.testing.assert_allclose(expected_frame(digits, places, num_levels), expected, atol=1e-12)


def test_the_nearest_place_has_the_least_expected_distance():
    generator = np.random.default_rng(3)
    probabilities = generator.random((5, 5)) ** 4
    probabilities /= probabilities.sum()
    places = np.argwhere(probabilities)
    grid = np.stack(np.meshgrid(*[np.linspace(0, 4, 161)] * 2, indexing="ij"), axis=-1)
    distances = np.linalg.norm(grid[:, :, None] - places, axis=-1) @ probabilities.ravel()
    best = grid[np.unravel_index(distances.argmin(), distances.shape)]
    np.testing.assert_allclose(nearest_place(probabilities), best, atol=0.025)
    certain = np.zeros((5, 5))
    certain[3, 1] = 1
    np.testing.assert_array_equal(nearest_place(certain), [3, 1])


def test_the_mean_motion_is_of_those_since_a_turn():
    motions = np.array([[3, 1], [2, 1], [-3, 1], [-2, 2], [-3, 1]])
    np.testing.assert_allclose(mean_motion(motions), [-8 / 3, 4 / 3])
    np.testing.assert_allclose(mean_motion(motions[:2]), [2.5, 1])
    np.testing.assert_allclose(mean_motion(motions[:3]), [-3, 1])


def test_the_observer_beats_what_it_must_and_writes_rows(tmp_path):
    flags = [CONFIG, "--num_sequences=4", "--frames_ahead=2", f"--output={tmp_path}"]
    code, text, errors = run("ideal_observer", *flags, "--command=made by")
    assert code == 0, errors
    assert "Written by `made by`." in text
    rows = json.loads((tmp_path / "results.json").read_text())
    assert {row["pixels"] for row in rows} == {"binary", "float"}
    binary = [row for row in rows if row["pixels"] == "binary"]
    mean, *frames = [row for row in binary if "cross_entropy" in row]
    assert [row["frame"] for row in frames] == [1, 2]
    assert mean["mse"] == pytest.approx(np.mean([row["mse"] for row in frames]))
    assert mean["nats_per_frame"] == pytest.approx(4096 * mean["cross_entropy"])
    assert 0 < mean["cross_entropy"] < 0.02  # a trained model has 0.04
    by_flow = {row["flow"]: row for row in binary if row.get("cause") == "all"}
    assert by_flow["foreseen"]["endpoint_error"] < 0.3 * by_flow["last"]["endpoint_error"]
    shares = [row["share"] for row in binary if row.get("flow") == "foreseen" and "share" in row]
    assert sum(shares) == pytest.approx(1)


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--config.moving_mnist.lines"], "expected moving_mnist without lines, of constant speed"),
        (["--config.moving_mnist.speed=drawn"], "config.moving_mnist.speed=drawn: expected"),
        (["--frames_ahead=11"], "--frames_ahead=11: expected at most 10, as sequences of 20"),
    ],
)
def test_what_cannot_be_foreseen_is_refused(tmp_path, flags, message):
    code, _, errors = run("ideal_observer", CONFIG, *flags, f"--output={tmp_path / 'new'}")
    assert code == 2
    assert message in errors
    assert not (tmp_path / "new").exists()
