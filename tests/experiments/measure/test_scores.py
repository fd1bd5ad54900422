import json

import jax.numpy as jnp
import numpy as np
import pytest

from experiments.configs import default
from experiments.configs.config import resolve
from experiments.measure.evaluation import evaluate
from experiments.measure.scores import TwoLevelEntropy, mean_intensity, table
from experiments.run import build
from vstm.state import Output, State

NUM = 7  # not a multiple of the batch


@pytest.fixture
def config():
    config = default.get_config()
    config.evaluation.batch_size = 3
    config.data.num_test = 20
    config.data.num_train = 40
    return resolve(config)


def items(config):
    source = build.moving_mnist(config, "test")
    return source, [source.with_ground_truth(i) for i in range(NUM)]


def fixed_prediction(logit):
    def predict(params, frames):
        prediction = jnp.full(frames[:, 0].shape, params)
        flow = jnp.zeros((len(frames), 32, 32, 2))
        return Output(prediction[:, None], flow[:, None], State(()), flow)

    return predict, jnp.float32(logit)


def test_scores_of_a_constant_model_by_hand(config):
    source, sequences = items(config)
    predict, logit = fixed_prediction(-2.0)
    result = evaluate(config, predict, logit, source, NUM, 0.05, "")
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


def test_baselines_by_hand(config):
    source, sequences = items(config)
    result = evaluate(config, *fixed_prediction(0.0), source, NUM, 0.05, "")
    target = np.stack([item["frames"][10] for item in sequences]).astype(np.float64)
    last = np.stack([item["frames"][9] for item in sequences])
    assert result["copy_last"]["mean_squared_error"] == pytest.approx(((last - target) ** 2).mean())
    constant = ((0.05 - target) ** 2).mean()
    assert result["constant_mean"]["mean_squared_error"] == pytest.approx(constant, rel=1e-5)
    ink = target.mean()
    entropy = -ink * np.log(ink) - (1 - ink) * np.log(1 - ink)
    assert result["constant_mean"]["cross_entropy"] == pytest.approx(entropy, rel=1e-6)
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


def test_two_level_entropy_is_the_best_of_all_pairs_of_levels():
    generator = np.random.default_rng(0)
    image = generator.integers(0, 2, 500)
    target = np.where(generator.uniform(size=500) < 0.2, 1 - image, image)
    entropy = TwoLevelEntropy()
    entropy.add(image[:100], target[:100])
    entropy.add(image[100:], target[100:])
    levels = np.linspace(0.001, 0.999, 999)
    loss = [
        min(-(t * np.log(levels[:, None]) + (1 - t) * np.log(1 - levels[:, None])).sum(axis=1))
        for t in (target[image == 0], target[image == 1])
    ]
    assert entropy.value() == pytest.approx(sum(loss) / 500, rel=1e-4)


def test_no_cross_entropy_for_an_intensity_model(config):
    with config.unlocked():
        config.loss = "sum"
    source, _ = items(config)
    result = evaluate(config, *fixed_prediction(0.5), source, NUM, 0.05, "")
    assert result["model"]["cross_entropy"] is None
    assert result["copy_last"]["cross_entropy"] > 0


def test_result_is_strict_json_and_prints_with_the_papers_number(config):
    source, _ = items(config)
    result = evaluate(config, *fixed_prediction(-2.0), source, NUM, 0.05, "")
    json.dumps(result, allow_nan=False)
    header = {"split": "test", "sequences_trained": 8, "variant": "conv-1enc-1LSTM"}
    text = table(result | header | {"paper": {"cross_entropy": 0.12827}})
    assert "0.12827" in text
    assert "copy of the last frame" in text


def test_mean_intensity_is_that_of_training_targets(config):
    source = build.moving_mnist(config, "train")
    expected = np.mean([source[i]["frames"][10].mean() for i in range(40)])
    assert mean_intensity(config) == pytest.approx(expected, rel=1e-6)
