"""Training runs as users run them: stopped, killed, continued, refused."""

import functools
import json
import math
import random
import shutil
import signal
import time

import jax
import numpy as np
import pytest
from small_run import PATIENCE, SMALL, arguments, finish, run, small_config, start
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from experiments.configs.config import read_json
from experiments.console.errors import UserError
from experiments.measure import final_evaluation
from experiments.measure.final_evaluation import FinalEvaluation
from experiments.run import build, provenance
from experiments.run.checkpoints import Checkpoints
from experiments.run.lock import locked
from experiments.training import parts
from experiments.training.experiment import train_and_evaluate
from experiments.training.training_data import TrainingData
from vstm.training.update import init_state


def wait_for_updates(process, workdir, number):
    """Waits until the run has logged an update of at least this number."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        path = workdir / "metrics.jsonl"
        complete = path.read_text().split("\n")[:-1] if path.exists() else []
        if complete and json.loads(complete[-1])["step"] >= number:
            return
        time.sleep(0.005)
    raise TimeoutError


def final_state(workdir):
    config = read_json(workdir / "config.json")
    like = init_state(
        build.make_model(config),
        build.make_tx(config, config.data.num_train),
        jax.random.key(0),
        build.frame_shape(config),
    )
    with locked(workdir) as lock:
        return Checkpoints(workdir, lock, keep=2, keep_best=1).restore(like)


def assert_same_run(workdir, expected):
    """Both end in the same state, evaluation and log, bit for bit."""
    (ours, position), (state, expected_position) = final_state(workdir), final_state(expected)
    assert position == expected_position
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(state), strict=True):
        if jax.numpy.issubdtype(a.dtype, jax.dtypes.prng_key):
            a, b = jax.random.key_data(a), jax.random.key_data(b)
        np.testing.assert_array_equal(a, b)
    for name in ("eval_test.json", "eval_validation.json", "samples_test.png"):
        assert (workdir / name).read_bytes() == (expected / name).read_bytes()

    def logged(folder):
        lines = map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
        return [line for line in lines if "speed/sequences_per_second" not in line]

    assert logged(workdir) == logged(expected)


def stop(workdir, update, number):
    process = start("train", *arguments(workdir))
    wait_for_updates(process, workdir, update)
    process.send_signal(number)
    return finish(process)


def test_killed_and_stopped_run_ends_in_the_same_bits(finished_run, tmp_path):
    code, *_ = stop(tmp_path, 3, signal.SIGKILL)  # before the first checkpoint, at update 7
    assert code == -signal.SIGKILL
    moment = random.Random(0).randint(10, 30)
    stop(tmp_path, moment, signal.SIGKILL)
    for number, update in ((signal.SIGTERM, moment + 8), (signal.SIGINT, moment + 20)):
        code, output, errors = stop(tmp_path, update, number)
        assert code == 128 + number
        assert "continues after update" in output
        assert "compiling the update" in output
        assert "training: " in output
        assert "stopping after this update; again to stop at once" in errors
        assert f"stopped by {signal.Signals(number).name}" in output
        assert "Traceback" not in errors

    train_and_evaluate(small_config(), tmp_path)
    assert_same_run(tmp_path, finished_run)


def test_finished_run_is_reported_and_left_as_it_is(finished_run, capsys):
    def content():
        return {p: p.read_bytes() for p in finished_run.rglob("*") if p.is_file()}

    before = content()
    train_and_evaluate(small_config(), finished_run)
    assert content() == before
    output = capsys.readouterr().out
    assert "evaluated on test already" in output
    assert "nats/pixel" in output


def test_a_finished_run_is_trained_further_in_place(finished_run, tmp_path, capsys):
    workdir = shutil.copytree(finished_run, tmp_path / "run")
    log = (finished_run / "metrics.jsonl").read_text()
    longer = small_config(**{"train.num_sequences": 208, "train.log_every_steps": 2})
    (workdir / "flow_test.json").write_text("{}")
    state, _ = train_and_evaluate(longer, workdir)
    assert int(state.step) == 104
    rate = 4e-3 * (1 + math.cos(math.pi * 95 / 99)) / 2  # after five updates of warming up
    output = capsys.readouterr().out
    assert "config.train.num_sequences (now / before): 208 / 200" in output
    assert f"the learning rate rises again from 0 to {rate:.3g}, its value at update 100" in output
    assert read_json(workdir / "config.json").train.num_sequences == 208
    lines = (workdir / "metrics.jsonl").read_text()
    assert lines.startswith(log)
    added = [json.loads(line) for line in lines[len(log) :].splitlines()]
    assert [line["step"] for line in added if "train/loss" in line] == [102, 104]
    assert json.loads((workdir / "eval_test.json").read_text())["step"] == 104
    removed = "eval_test.json, eval_validation.json, flow_test.json, samples_test.png"
    assert f"{removed}, samples_validation.png, of an earlier update, removed" in output
    assert not (workdir / "flow_test.json").exists()
    model = (workdir / "model.npz").stat()
    train_and_evaluate(longer, workdir)  # reports
    assert (workdir / "model.npz").stat().st_mtime_ns == model.st_mtime_ns
    assert [entry["step"] for entry in provenance.read(workdir)] == [0, 100]


def test_a_finished_run_is_evaluated_on_other_sequences_in_place(finished_run, tmp_path, capsys):
    workdir = shutil.copytree(finished_run, tmp_path / "run")
    before = (workdir / "eval_validation.json").read_bytes()
    for num_test, now in ((3, 3), (3000, 5)):  # of 5
        config = small_config(**{"evaluation.num_test": num_test})
        train_and_evaluate(config, workdir)
        assert json.loads((workdir / "eval_test.json").read_text())["num_sequences"] == now
        assert "evaluated on validation already" in capsys.readouterr().out
        train_and_evaluate(config, workdir)
        assert "evaluated on test already" in capsys.readouterr().out
    assert (workdir / "eval_validation.json").read_bytes() == before


def test_run_and_evaluation_tell_what_made_them(finished_run):
    (entry,) = provenance.read(finished_run)
    assert entry["step"] == 0
    result = json.loads((finished_run / "eval_test.json").read_text())
    small = {path: value for path, value in SMALL.items() if path.startswith("model.")}
    network = {f"model.{name}": value for name, value in result["network"].items()}
    assert small == {path: type(value)(network[path]) for path, value in small.items()}
    assert network["model.frame_size"] == [30, 30]
    assert (result["trained_commit"], result["trained_device"]) == (
        entry["commit"],
        entry["device"],
    )
    assert (result["commit"], result["device"]) == (provenance.current_commit(), entry["device"])


def test_the_folder_is_locked_while_the_run_is_evaluated(finished_run, tmp_path, monkeypatch):
    workdir = shutil.copytree(finished_run, tmp_path / "run")
    (workdir / "eval_test.json").unlink()

    def other_process(evaluation, *others):
        with locked(evaluation.folder):
            pass

    monkeypatch.setattr(FinalEvaluation, "evaluate_split", other_process)
    with pytest.raises(UserError, match="another process is training or evaluating"):
        train_and_evaluate(small_config(), workdir)


def test_what_would_fail_after_training_fails_before_it(tmp_path, monkeypatch):
    def unreadable(predict, source, *, tau, batch_size):
        raise UserError("cannot be drawn")

    monkeypatch.setattr(final_evaluation, "samples", unreadable)
    monkeypatch.setattr(parts, "compile_updates", None)  # is not reached
    with pytest.raises(UserError, match="cannot be drawn"):
        train_and_evaluate(small_config(), tmp_path / "run")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["lock"]


def test_other_configuration_is_refused_with_the_field(finished_run):
    with pytest.raises(UserError, match=r"moving_mnist.lines: True / False"):
        train_and_evaluate(small_config(**{"moving_mnist.lines": True}), finished_run)


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


def test_loss_that_is_not_finite_stops_the_run(tmp_path):
    kept = []
    for on_device in (False, True):
        config = small_config(
            **{
                "loss": "intensity",
                "optimizer.learning_rate": 1e30,
                "train.frames_on_device": on_device,
            }
        )
        workdir = tmp_path / str(on_device)
        message = r"the step's inf at update 10, the last of 10 skipped in"
        with pytest.raises(UserError, match=message):
            train_and_evaluate(config, workdir)
        with np.load(workdir / "not_finite.npz") as file:
            kept.append(file["frames"])
    np.testing.assert_array_equal(*kept, strict=True)
    assert kept[0].shape == (2, 5, 30, 30, 1) and kept[0].std() > 0


def test_updates_that_are_not_finite_are_skipped_counted_and_kept(tmp_path, monkeypatch):
    """One at update 7, and all from update 12 on, which stop the run inside a call of twenty."""
    spoilt = {"updates": {7, *range(12, 40)}}
    good = TrainingData.__next__

    def spoil(data):
        frames = good(data)
        update = data.position()["batches"]["next_index"]
        return np.where(update in spoilt["updates"], np.nan, frames).astype(np.float32)

    monkeypatch.setattr(TrainingData, "__next__", spoil)
    config = small_config(
        **{
            "train.updates_per_call": 20,
            "train.max_skipped": 3,
            "train.checkpoint_every_steps": 13,
            "train.log_every_steps": 7,
        }
    )
    stopped = r"the loss is nan.* at update 14, the last of 3 skipped in a row.*not_finite.npz"
    for _ in range(2):  # the second time from update 13 on, the second one of the row
        with pytest.raises(UserError, match=stopped):
            train_and_evaluate(config, tmp_path)
        lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
        skipped = [line for line in lines if "train/skipped" in line]
        assert [line["step"] for line in skipped] == [7, 12, 13, 14]
        assert [line["train/skipped"] for line in skipped] == [1, 2, 3, 4]
        assert [line["train/skipped_in_a_row"] for line in skipped] == [1, 1, 2, 3]
        (logged,) = [line for line in lines if "train/loss" in line]
        assert (logged["step"], logged["train/loss"]) == (7, None)
    state, _ = final_state(tmp_path)
    assert int(state.step) == 13
    with np.load(tmp_path / "not_finite.npz") as kept:
        assert kept["update"] == 14
        assert np.isnan(kept["frames"]).all()
        names = {name for name in kept.files if name.startswith("params/")}
        for name in names:  # as the last update before the row left them
            ours = functools.reduce(dict.__getitem__, name.split("/")[1:], state.params)
            np.testing.assert_array_equal(kept[name], ours)
        assert len(names) == len(jax.tree.leaves(state.params))
    spoilt["updates"] = set()
    train_and_evaluate(config, tmp_path)
    assert int(final_state(tmp_path)[0].step) == 100


def test_updates_in_one_call_end_in_the_same_bits(finished_run, tmp_path):
    train_and_evaluate(small_config(**{"train.updates_per_call": 20}), tmp_path)
    assert_same_run(tmp_path, finished_run)


def test_frames_made_on_the_device_end_in_the_same_bits_from_the_start_and_resumed(
    finished_run, tmp_path
):
    config = small_config(**{"train.updates_per_call": 20, "train.frames_on_device": True})
    train_and_evaluate(config, tmp_path / "whole")
    assert_same_run(tmp_path / "whole", finished_run)
    resumed = shutil.copytree(finished_run, tmp_path / "resumed")
    shutil.rmtree(resumed / "checkpoints" / "100")
    train_and_evaluate(config, resumed)
    assert_same_run(resumed, finished_run)
    assert [entry["step"] for entry in provenance.read(resumed)] == [0, 98]


def test_evaluation_of_an_earlier_update_is_replaced(finished_run, tmp_path):
    workdir = shutil.copytree(finished_run, tmp_path / "run")
    expected = (finished_run / "eval_test.json").read_text()
    stale = json.loads(expected) | {"step": 42}
    (workdir / "eval_test.json").write_text(json.dumps(stale))
    (workdir / "eval_validation.json").write_text("{")
    train_and_evaluate(small_config(), workdir)
    assert (workdir / "eval_test.json").read_text() == expected
    assert json.loads((workdir / "eval_validation.json").read_text())["step"] == 100


def test_two_processes_do_not_train_in_one_folder(finished_run):
    with (
        locked(finished_run),
        pytest.raises(UserError, match="another process is training"),
    ):
        train_and_evaluate(small_config(), finished_run)


@pytest.mark.parametrize(
    "more, message",
    [
        (
            ["--config.moving_mnist.lines=yes"],
            "config.moving_mnist.lines: expected bool (True or False), got 'yes'",
        ),
        (["--config.train.batchsize=3"], "did you mean 'batch_size'?"),
        (["--config.loss=summ"], "did you mean 'sum'?"),
        (["--config=experiments/configs/moving_mnist.py:conv-3enc"], "unknown variant 'conv-3enc'"),
        (["--config=nowhere.py"], "nowhere.py: no such Python file"),
        (
            ["--config.moving_mnist.digits=idx", "--config.moving_mnist.directory=/nowhere"],
            "/nowhere/train-images",
        ),
        (
            [
                "--config.data.name=video",
                "--config.loss=sum",
                "--config.video.directory=/nowhere",
                "--config.train.frames_on_device=True",
            ],
            "config.train.frames_on_device=True: those of config.data.name=video are made by the "
            "host; expected False, or config.data.name=moving_mnist or scenes",
        ),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(more, message, tmp_path):
    workdir = tmp_path / "run"
    code, _, errors = run("train", *arguments(workdir), *more)
    assert code == 2
    assert len(errors.strip().splitlines()) == 1
    assert errors.startswith("error: ")
    assert message in errors
    assert not workdir.exists()
