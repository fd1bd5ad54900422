"""What a training run leaves in TensorBoard, read back from the event files."""

import json

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from experiments.training.reporter import TABULATED, Reporter


def events(folder):
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    accumulator.Reload()
    return accumulator


def scalars(folder, tag):
    return [(event.step, pytest.approx(event.value)) for event in events(folder).Scalars(tag)]


def test_hyperparameters(tmp_path):
    fields = {
        "variant": "conv",
        "tau": 10,
        "moving_mnist.lines": True,
        "optimizer.learning_rate": 4e-3,
        "model.memory_features": (24, 8),
    }
    with Reporter(tmp_path, 0, 10, 4) as reporter:
        reporter.configuration("{}", fields)
        reporter.scalars(5, "validation", {"ssim": 0.9})
    content = {
        tag: HParamsPluginData.FromString(data)
        for tag, data in events(tmp_path).PluginTagToContent("hparams").items()
    }
    written = content["_hparams_/session_start_info"].session_start_info.hparams
    assert set(written) == set(fields)
    assert written["variant"].string_value == "conv"
    assert written["tau"].number_value == 10
    assert written["moving_mnist.lines"].bool_value is True
    assert written["optimizer.learning_rate"].number_value == pytest.approx(4e-3)
    assert written["model.memory_features"].string_value == "(24, 8)"
    experiment = content["_hparams_/experiment"].experiment
    assert [metric.name.tag for metric in experiment.metric_infos] == list(TABULATED)
    assert scalars(tmp_path, "validation/ssim") == [(5, 0.9)]


def test_baselines_have_the_tags_of_the_models_scores(tmp_path):
    baselines = {"copy_last": {"ssim": 0.5, "entropy": None}, "constant_mean": {"ssim": 0.1}}
    with Reporter(tmp_path, 0, 10, 4) as reporter:
        for step in (5, 10):
            reporter.scalars(step, "validation", {"ssim": step / 10, "entropy": None})
            reporter.references(step, "validation", baselines)
    assert scalars(tmp_path, "validation/ssim") == [(5, 0.5), (10, 1.0)]
    assert scalars(tmp_path / "copy_last", "validation/ssim") == [(5, 0.5), (10, 0.5)]
    assert scalars(tmp_path / "constant_mean", "validation/ssim") == [(5, 0.1), (10, 0.1)]
    assert events(tmp_path / "copy_last").Tags()["scalars"] == ["validation/ssim"]


def test_smoothed_error_is_a_weighted_mean_that_a_run_goes_on_with(tmp_path):
    losses = np.random.default_rng(0).uniform(size=12)
    for start, stop in ((0, 7), (5, 12)):  # killed after update 7, continued after update 5
        with Reporter(tmp_path, start, 12, 4) as reporter:
            for step in range(start, stop):
                values = {"loss": losses[step], "rate": 1.0}
                reporter.scalars(step + 1, "train", values, smoothed=["loss"])
    expected = []
    for step in range(1, 13):
        weights = 0.9 ** np.arange(step)[::-1]
        expected.append((step, np.average(losses[:step], weights=weights)))
    assert scalars(tmp_path / "smoothed", "train/loss") == expected
    assert events(tmp_path / "smoothed").Tags()["scalars"] == ["train/loss"]
    logged = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["train/loss"] for line in logged] == list(losses)


def test_progress_counts_sequences_and_shows_update_and_loss(tmp_path, capsys):
    with Reporter(tmp_path, 2, 10, 4) as reporter:
        reporter.advance()
        reporter.show(loss=0.125)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("training: 12/40 sequences, ")
    assert line.endswith(" left, update 3, loss 0.125")


def test_a_full_disk_ends_the_boards_and_not_the_run(tmp_path, limited_files, capsys):
    log = tmp_path / "metrics.jsonl"
    with Reporter(tmp_path, 0, 10, 4) as reporter:
        reporter.scalars(1, "train", {"loss": 1.0}, smoothed=["loss"])
        with limited_files(log.stat().st_size + 100):  # room for the log alone
            for step in (2, 3):
                reporter.picture(step, "validation", np.zeros((30, 30, 3), np.uint8))
                reporter.references(step, "validation", {"copy_last": {"ssim": 0.5}})
        reporter.scalars(4, "train", {"loss": 0.5}, smoothed=["loss"])
    warnings = capsys.readouterr().err.splitlines()
    assert len(warnings) == 2  # one a file
    assert all("cannot be written (File too large); TensorBoard has" in w for w in warnings)
    assert [json.loads(line)["step"] for line in log.read_text().splitlines()] == [1, 4]
    assert scalars(tmp_path, "train/loss") == [(1, 1.0)]
    assert scalars(tmp_path / "smoothed", "train/loss") == [
        (1, 1.0),
        (4, pytest.approx(0.7368, 1e-3)),
    ]


def test_metrics_and_loss_fall(finished_run):
    lines = [json.loads(line) for line in (finished_run / "metrics.jsonl").read_text().splitlines()]
    losses = [line["train/loss"] for line in lines if "train/loss" in line]
    assert len(losses) == 100
    assert np.isfinite(losses).all()
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])
    assert {"validation/cross_entropy", "validation/ssim"} <= set().union(*lines)


def test_tensorboard_has_scalars_images_and_the_configuration(finished_run):
    events = EventAccumulator(str(finished_run), size_guidance={"images": 0, "scalars": 0})
    events.Reload()
    tags = events.Tags()
    assert {
        "train/loss",
        "train/cross_entropy",
        "train/smoothness",
        "train/learning_rate",
        "train/gradient_norm",
        "speed/sequences_per_second",
        "train/flow_magnitude",
        "train/flow_clamped",
        "validation/cross_entropy",
    } <= set(tags["scalars"])
    assert [image.step for image in events.Images("validation")] == [30, 60, 90, 100]
    assert "config/text_summary" in tags["tensors"]
    assert "_hparams_/session_start_info" in events.PluginTagToContent("hparams")
    for folder in ("copy_last", "constant_mean"):
        beside = EventAccumulator(str(finished_run / folder)).Reload()
        assert set(beside.Tags()["scalars"]) <= set(tags["scalars"])
        steps = [[event.step for event in e.Scalars("validation/ssim")] for e in (beside, events)]
        assert steps[0] == steps[1] == [20, 40, 60, 80, 100]
