"""Training runs as users run them: stopped, killed, continued, refused."""

import json
import math
import random
import shutil
import signal
import time

import pytest
from ended_run import assert_same_run
from small_run import PATIENCE, SMALL, arguments, finish, run, small_config, start

from experiments.configs.config import read_json
from experiments.console.errors import UserError
from experiments.measure import final_evaluation
from experiments.measure.final_evaluation import FinalEvaluation
from experiments.run import provenance
from experiments.run.lock import locked
from experiments.training import parts
from experiments.training.experiment import train_and_evaluate


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
