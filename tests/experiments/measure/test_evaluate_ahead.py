import json

import jax
import numpy as np
import pytest
from small_run import SMALL, run, small_config

from experiments.configs.config import resolve
from experiments.measure.ahead import evaluate_ahead
from experiments.run import build
from vstm.inference.model_file import load_model


def test_scores_by_frame_ahead_of_the_published_sequences(run_copy, tmp_path):
    path = tmp_path / "mnist_test_seq.npy"
    frames = np.random.default_rng(0).integers(0, 256, (20, 3, 30, 30)).astype(np.uint8)
    np.save(path, frames)
    code, output, errors = run(
        "evaluate_ahead", f"--workdir={run_copy}", f"--published_test_set={path}"
    )
    assert code == 0, errors
    result = json.loads((run_copy / "ahead_published.json").read_text())
    rows = [line.split() for line in output.splitlines()]
    (titles,) = [number for number, row in enumerate(rows) if row[:1] == ["frame"]]
    model, copied = result["model"], result["copy_last"]
    for frame in range(10):
        names = ("mse", "mae", "ssim", "uniform_ssim", "psnr")
        values = [scores[name][frame] for name in names for scores in (model, copied)]
        values.append(model["nats_per_frame"][frame])
        assert rows[titles + 1 + frame] == [str(frame + 1), *(f"{v:.4f}" for v in values)]
    assert rows[-1][:3] == ["mean", f"{model['mean_mse']:.4f}", f"{copied['mean_mse']:.4f}"]
    assert result["num_sequences"] == 3
    assert len(result["model"]["nats_per_frame"]) == len(result["model"]["ssim"]) == 10
    tau = SMALL["tau"]
    binary = frames > 127.5
    expected = (binary[tau : tau + 10] != binary[tau - 1]).sum(axis=(2, 3)).mean(axis=1)
    np.testing.assert_allclose(result["copy_last"]["mse"], expected, rtol=1e-5)
    assert result["copy_last"]["mean_mse"] == pytest.approx(expected.mean())
    np.testing.assert_allclose(copied["mae"], copied["mse"], rtol=1e-5)  # of binary pixels
    _, params = load_model(run_copy)
    assert model["parameters"] == sum(np.size(array) for array in jax.tree.leaves(params))
    assert result["model"]["mean_mse"] == pytest.approx(np.mean(result["model"]["mse"]))


def test_first_frame_ahead_is_the_one_that_evaluation_scores(finished_run):
    config = resolve(small_config(**{"data.sequence_length": 12, "moving_mnist.step": 0.0}))
    _, params = load_model(finished_run)
    source = build.moving_mnist(config, "test")
    ahead = evaluate_ahead(
        build.make_model(config),
        params,
        source,
        tau=2,
        batch_size=2,
        num_sequences=3,
    )
    frames = np.stack([source[i]["frames"] for i in range(3)])
    apply = jax.jit(build.make_model(config).apply)
    logits = apply({"params": params}, frames[:, :2]).prediction
    target = frames[:, 2]
    probability = 1 / (1 + np.exp(-np.asarray(logits, np.float64)))
    entropy = -target * np.log(probability) - (1 - target) * np.log(1 - probability)
    expected = entropy.sum(axis=(1, 2, 3)).mean()
    assert ahead["model"]["nats_per_frame"][0] == pytest.approx(expected, rel=1e-4)
    assert ahead["copy_last"]["mean_mse"] == 0  # digits that stand still
    assert ahead["copy_last"]["nats_per_frame"] is None


def test_too_short_sequences_are_refused(run_copy, tmp_path):
    code, _, errors = run("evaluate_ahead", f"--workdir={run_copy}")
    assert code == 2
    assert f"{run_copy}: sequences of 5 frames; expected at least tau + 10 = 12" in errors
    path = tmp_path / "published.npy"
    np.save(path, np.zeros((9, 3, 30, 30), np.uint8))
    code, _, errors = run("evaluate_ahead", f"--workdir={run_copy}", f"--published_test_set={path}")
    assert code == 2
    assert f"{path}: sequences of 9 frames; expected at least tau + 10 = 12" in errors


def test_as_many_generated_sequences_as_are_asked_for(run_copy):
    path = run_copy / "config.json"
    config = json.loads(path.read_text())
    assert config["data"]["num_test"] < 9
    config["data"]["sequence_length"] = 12
    path.write_text(json.dumps(config))
    code, _, errors = run("evaluate_ahead", f"--workdir={run_copy}", "--num_sequences=9")
    assert code == 0, errors
    assert json.loads((run_copy / "ahead_test.json").read_text())["num_sequences"] == 9
