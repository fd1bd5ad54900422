import itertools
import json

import numpy as np
import pytest
from small_run import run

from experiments.measure.bounds.ideal_observer import (
    _errors,
    expected_flow,
    expected_frame,
    geometric_median,
    mean_motion,
)
from experiments.run.provenance import device

CONFIG = "--config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM"
FREE, SIDE = 3, 3


def random_places(generator, num):
    places = generator.random((num, FREE + 1, FREE + 1))
    places *= generator.random(places.shape) < 0.5
    return places / places.sum(axis=(1, 2), keepdims=True)


def outcomes(digits, places):
    """Each pair of corners, its probability, and the digits at them, [2, H, W]."""
    corners = itertools.product(range(FREE + 1), repeat=2)
    for pair in itertools.product(corners, repeat=2):
        layers = np.zeros((2, FREE + SIDE, FREE + SIDE))
        for layer, digit, (x, y) in zip(layers, digits, pair, strict=True):
            layer[y : y + SIDE, x : x + SIDE] = digit
        yield pair, np.prod([p[at] for p, at in zip(places, pair, strict=True)]), layers


@pytest.mark.parametrize("num_levels", [1, 255])
def test_the_expected_frame_is_the_mean_over_all_places(num_levels):
    generator = np.random.default_rng(num_levels)
    digits = generator.integers(num_levels + 1, size=(2, SIDE, SIDE)) / num_levels
    places = random_places(generator, 2)
    expected = sum(p * layers.max(axis=0) for _, p, layers in outcomes(digits, places))
    np.testing.assert_allclose(expected_frame(digits, places), expected, atol=1e-12)


def test_a_certain_frame_has_its_own_entropy():
    digit = np.array([[253, 254, 1], [2, 0, 255], [77, 0, 128]]) / 255
    places = np.zeros((1, FREE + 1, FREE + 1))
    places[0, 2, 1] = 1
    frame = np.zeros((FREE + SIDE,) * 2)
    frame[1:4, 2:5] = digit
    inside = digit[(digit > 0) & (digit < 1)]
    entropy = -(inside * np.log(inside) + (1 - inside) * np.log(1 - inside)).sum()
    nats, squared = _errors(expected_frame(digit[None], places), frame)
    assert nats * frame.size == pytest.approx(entropy, abs=frame.size * 2e-7)
    assert squared == pytest.approx(0, abs=1e-12)


def test_the_expected_flow_has_the_least_expected_error_where_digits_show():
    generator = np.random.default_rng(2)
    digits = (generator.random((2, SIDE, SIDE)) < 0.6).astype(float)
    places, last = random_places(generator, 2), np.array([[1, 2], [2, 0]])
    flow = expected_flow(digits, places, last)

    def expected_error(flow):
        error = np.zeros(flow.shape[:2])
        for pair, probability, (first, second) in outcomes(digits, places):
            front = np.where(second > 0, 2, np.where(first > 0, 1, 0))
            motions = np.concatenate([np.zeros((1, 2)), last - np.array(pair)])
            distance = np.linalg.norm(flow - motions[front], axis=-1)
            error += probability * distance * (front > 0)
        return error

    least = expected_error(flow)
    for shift in itertools.product((-0.05, 0, 0.05), repeat=2):
        assert (least <= expected_error(flow + shift) + 1e-3).all()


def test_the_geometric_median_has_the_least_mean_distance():
    generator = np.random.default_rng(3)
    points, weights = generator.random((6, 2)), generator.random((4, 6)) ** 4
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 201)] * 2, indexing="ij"), axis=-1)
    distances = np.linalg.norm(grid[..., None, :] - points, axis=-1)
    for found, each in zip(geometric_median(points, weights), weights, strict=True):
        means = distances @ each
        best = grid[np.unravel_index(means.argmin(), means.shape)]
        np.testing.assert_allclose(found, best, atol=0.01)
    alone = np.eye(6)[2]
    np.testing.assert_allclose(geometric_median(points, alone), points[2], rtol=1e-14)


def test_the_mean_motion_is_of_those_since_a_turn():
    motions = np.array([[3, 1], [2, 1], [-3, 1], [-2, 2], [-3, 1]])
    np.testing.assert_allclose(mean_motion(motions), [-8 / 3, 4 / 3])
    np.testing.assert_allclose(mean_motion(motions[:2]), [2.5, 1])
    np.testing.assert_allclose(mean_motion(motions[:3]), [-3, 1])


def test_the_observer_beats_carrying_on_and_writes_rows_with_its_command(tmp_path):
    flags = [CONFIG, "--num_sequences=4", "--frames_ahead=2", f"--output={tmp_path}"]
    code, text, errors = run("ideal_observer", *flags)
    assert code == 0, errors
    assert f"Written by `python -m experiments.ideal_observer {' '.join(flags)}`" in text
    rows = json.loads((tmp_path / "results.json").read_text())
    assert all(row["sequences"] == 4 for row in rows)
    assert all(row["device"] == device() and row["commit"] for row in rows)
    for pixels in ("binary", "float"):
        of_pixels = [row for row in rows if row["pixels"] == pixels and "mse" in row]
        *frames, means = of_pixels
        assert [row["frame"] for row in of_pixels] == [1, 2, "1 to 2"]
        for score in ("cross_entropy", "nats_per_frame", "mse"):
            assert means[score] == pytest.approx(np.mean([row[score] for row in frames]))
        assert frames[0]["nats_per_frame"] == pytest.approx(4096 * frames[0]["cross_entropy"])
        assert 0 < frames[0]["mse"] < 20  # of some 200 pixels of digits
    by_flow = {row["flow"]: row["endpoint_error"] for row in rows if row.get("cause") == "all"}
    assert by_flow["foreseen"] < min(by_flow["mean"], by_flow["last"])
    shares = [row["share"] for row in rows if row.get("flow") == "foreseen" and "share" in row]
    assert sum(shares) == pytest.approx(1)


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--config.moving_mnist.lines"], "config.moving_mnist.lines=True, config.moving_mnist.sp"),
        (["--config.moving_mnist.speed=drawn"], "speed=drawn: expected digits alone, of constant"),
        (["--config.tau=1"], "config.tau=1: expected at least 2"),
        (["--frames_ahead=11"], "--frames_ahead=11: expected at most 10, as sequences of 20"),
        (["--config.data.num_test=3"], "--num_sequences=1000: expected at most config.data.num_te"),
    ],
)
def test_what_cannot_be_foreseen_is_refused(tmp_path, flags, message):
    code, _, errors = run("ideal_observer", CONFIG, *flags, f"--output={tmp_path / 'new'}")
    assert code == 2
    assert message in errors
    assert not (tmp_path / "new").exists()


def test_an_output_that_cannot_be_made_is_refused_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr("experiments.measure.bounds.ideal_observer.observe", None)
    (tmp_path / "file").touch()
    code, _, errors = run(
        "ideal_observer", CONFIG, "--num_sequences=4", f"--output={tmp_path}/file"
    )
    assert (code, f"{tmp_path}/file: cannot be written (File exists)" in errors) == (2, True)
