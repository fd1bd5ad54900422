import json

import numpy as np
from small_run import small_config

from experiments.configs.config import resolve
from experiments.measure import linear_probe, probe
from experiments.measure.probe import labelled, memory_outputs, pixel_cells, probe_rows
from experiments.run import build
from vstm.inference.model_file import load_model
from vstm.inference.predictor import VideoPredictor


def test_labels_are_those_of_the_current_frame():
    config = resolve(small_config(**{"moving_mnist.num_digits": 2}))
    source = build.moving_mnist(config, "test")
    features, labels = labelled({"pixels": pixel_cells(1)}, source, 2, 99)
    assert features["pixels"].shape == (5, 30, 30, 1)
    np.testing.assert_array_equal(labels["background"], features["pixels"][..., 0])  # binary
    for n in range(5):
        np.testing.assert_array_equal(features["pixels"][n], source[n]["frames"][1])
        digits = set(source[n]["labels"] + 1)
        assert set(np.unique(labels["class"][n])) <= {0} | digits
    np.testing.assert_array_equal(labels["class"] > 0, labels["background"] > 0)


def test_memory_outputs_are_those_of_streaming(finished_run):
    description, params = load_model(finished_run)
    config = resolve(small_config())
    source = build.moving_mnist(config, "test")
    frames = np.stack([source[n]["frames"][:2] for n in range(3)])
    ours = memory_outputs(build.make_model(config), params)(frames)
    predictor = VideoPredictor(description, params)
    for n in range(3):
        *_, last = predictor.predictions(frames[n, ..., 0])
        np.testing.assert_allclose(ours[n], last.memory, rtol=1e-3, atol=1e-4)


def test_pixels_tell_digits_from_background_but_not_which(monkeypatch):
    monkeypatch.setattr(probe, "SIZES", (5, 11))
    monkeypatch.setattr(probe, "DECAYS", (1e-5,))
    monkeypatch.setattr(linear_probe, "NUM_UPDATES", 150)
    config = resolve(small_config())
    sources = {s: build.moving_mnist(config, s) for s in ("train", "validation", "test")}
    rows = probe_rows({"pixels": pixel_cells(2)}, sources, tau=2, seed=0)
    assert [(row["task"], row["sequences"]) for row in rows] == [
        ("background", 5),
        ("background", 11),
        ("class", 5),
        ("class", 11),
    ]
    assert rows[0]["mean_iou"] == rows[1]["mean_iou"] == 1
    assert rows[3]["digit_accuracy"] < 0.7
    json.dumps(rows, allow_nan=False)
