import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_scenes import CLEAN, SIZE, make_scenes
from scipy.ndimage import map_coordinates

from experiments.configs import default
from experiments.configs.config import resolve
from experiments.console.errors import UserError
from experiments.measure.evaluation import NextFrame, evaluate, mean_intensity
from experiments.measure.final_evaluation import table
from experiments.run import build
from vstm.metrics import METRICS

NUM = 7  # not a multiple of the batch


@pytest.fixture(scope="module")
def source():
    config = default.get_config()
    config.data.num_test = 20
    return build.moving_mnist(resolve(config), "test")


@pytest.fixture(scope="module")
def sequences(source):
    return [source.with_ground_truth(i) for i in range(NUM)]


def constant_model(logit, gives_logits=True):
    """Predicts the same logit, or its intensity, everywhere, and no flow."""

    def predict(frames):
        logits = jnp.full(frames[:, 0].shape, logit, jnp.float32)
        flow = jnp.zeros((*frames[:, 0].shape[:-1], 2))
        return NextFrame(jax.nn.sigmoid(logits), logits if gives_logits else None, flow)

    return predict


def scored(predict, source, tau=10):
    return evaluate(
        predict,
        source,
        tau=tau,
        batch_size=3,
        num_sequences=NUM,
        constant=0.05,
        description="",
    )


def test_scores_of_a_constant_model_by_hand(source, sequences):
    result = scored(constant_model(-2.0), source)
    p = 1 / (1 + np.exp(2.0))
    target = np.stack([item["frames"][10] for item in sequences]).astype(np.float64)
    cross_entropy = -(target * np.log(p) + (1 - target) * np.log(1 - p)).mean()
    model = result["model"]
    assert result["num_sequences"] == NUM
    np.testing.assert_allclose(model["cross_entropy"], cross_entropy, rtol=1e-5)
    np.testing.assert_allclose(model["nats_per_frame"], 64 * 64 * cross_entropy, rtol=1e-5)
    squares = ((p - target) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(model["mean_squared_error"], squares.mean(), rtol=1e-5)
    np.testing.assert_allclose(model["psnr"], (-10 * np.log10(squares)).mean(), rtol=1e-5)


def test_baselines_by_hand(source, sequences):
    result = scored(constant_model(0.0), source)
    target = np.stack([item["frames"][10] for item in sequences]).astype(np.float64)
    last = np.stack([item["frames"][9] for item in sequences])
    assert result["copy_last"]["mean_squared_error"] == pytest.approx(((last - target) ** 2).mean())
    constant = ((0.05 - target) ** 2).mean()
    assert result["constant_mean"]["mean_squared_error"] == pytest.approx(constant, rel=1e-5)
    ink = target.mean()
    entropy = -ink * np.log(ink) - (1 - ink) * np.log(1 - ink)
    assert result["constant_mean"]["cross_entropy"] == pytest.approx(entropy, rel=1e-6)
    assert result["constant_mean"]["nats_per_frame"] == pytest.approx(64 * 64 * entropy, rel=1e-6)
    # integer motion: the warp is a shift by the true displacement
    warped = np.zeros_like(last)
    for n, item in enumerate(sequences):
        for y, x in np.ndindex(64, 64):
            u, v = item["flow"][9, y, x].astype(int)
            if 0 <= y + v < 64 and 0 <= x + u < 64:
                warped[n, y, x] = last[n, y + v, x + u]
    error = ((warped - target) ** 2).mean()
    assert result["true_flow_warp"]["mean_squared_error"] == pytest.approx(error, abs=1e-9)
    assert error < 0.1 * result["copy_last"]["mean_squared_error"]


def test_true_flow_of_scenes_takes_the_border_for_what_is_outside():
    scenes = make_scenes(NUM, **CLEAN)
    result = scored(constant_model(0.0), scenes, tau=2)
    squares, copied = [], []
    for i in range(NUM):
        item = scenes.with_ground_truth(i)
        last, target = item["frames"][1:3, ..., 0].astype(np.float64)
        y, x = np.mgrid[:SIZE, :SIZE] + np.moveaxis(item["flow"][1], -1, 0)[::-1]
        warped = map_coordinates(last, [y, x], order=1, mode="nearest")
        squares.append(((warped - target) ** 2).mean())
        copied.append(((last - target) ** 2).mean())
    error = result["true_flow_warp"]["mean_squared_error"]
    assert error == pytest.approx(np.mean(squares), rel=1e-4)
    assert error < 0.8 * np.mean(copied)


def test_no_cross_entropy_without_logits_and_for_baselines_where_pixels_are_binary(source):
    result = scored(constant_model(0.5, gives_logits=False), source)
    assert result["model"]["cross_entropy"] is result["model"]["nats_per_frame"] is None
    assert result["copy_last"]["cross_entropy"] > 0
    grey = [{"frames": 0.5 * source[i]["frames"]} for i in range(NUM)]
    result = scored(constant_model(0.5, gives_logits=False), grey)
    assert result["copy_last"]["cross_entropy"] is result["copy_last"]["nats_per_frame"] is None
    assert result["true_flow_warp"] is None  # which a list does not know
    assert scored(constant_model(0.5), grey)["copy_last"]["cross_entropy"] > 0  # beside ours


def test_frames_smaller_than_a_metrics_window_are_scored_by_the_others(source):
    small = [{"frames": source[i]["frames"][:, 20:28, 20:28]} for i in range(NUM)]
    scores = scored(constant_model(0.5), small)["model"]
    assert list(scores) == list(METRICS)
    assert [name for name, value in scores.items() if value is None] == ["ssim"]


def test_what_cannot_be_read_is_named():
    class Damaged(list):
        def __getitem__(self, index):
            raise ValueError("clip.mp4: damaged")

    with pytest.raises(UserError, match=r"the sequences cannot be read: clip.mp4: damaged"):
        scored(constant_model(0.5), Damaged([0]))


def test_result_is_strict_json_and_prints_every_metric_and_the_papers_number(source):
    result = scored(constant_model(-2.0), source)
    json.dumps(result, allow_nan=False)
    header = {"split": "test", "sequences_trained": 8, "variant": "conv-1enc-1LSTM"}
    lines = table(result | header | {"paper": {"cross_entropy": 0.12827}}).splitlines()
    assert lines[1].split() == [metric.title for metric in METRICS.values()]
    model, paper = lines[2].split(), lines[-1].split()
    assert [float(cell) for cell in model[1:]] == [
        round(result["model"][name], metric.digits) for name, metric in METRICS.items()
    ]
    assert paper == ["paper,", "test", "0.12827", *["-"] * (len(METRICS) - 1)]
    assert lines[4].startswith("copy of the last frame")


def test_mean_intensity_is_that_of_the_predicted_frames(source):
    expected = np.mean([source[i]["frames"][10].mean() for i in range(20)])
    assert mean_intensity(source, 10) == pytest.approx(expected, rel=1e-6)
