import json
import shutil

import jax
import numpy as np
import pytest
from small_run import run

from experiments.configs.config import read_json
from experiments.console.errors import UserError
from experiments.run.checkpoints import trained_params
from experiments.run.lock import locked


def evaluate(*flags):
    return run("evaluate", *flags)


def write_published(path, num_sequences=3, size=30):
    frames = np.random.default_rng(0).integers(0, 256, (20, num_sequences, size, size))
    np.save(path, frames.astype(np.uint8))
    return path


def test_evaluating_again_gives_the_same_file(run_copy):
    before = json.loads((run_copy / "eval_test.json").read_text())
    (run_copy / "eval_test.json").unlink()
    code, output, _ = evaluate(f"--workdir={run_copy}", "--split=test")
    assert code == 0
    assert json.loads((run_copy / "eval_test.json").read_text()) == before
    assert before["num_sequences"] == 5
    assert "copy of the last frame" in output


def test_published_test_set(run_copy, tmp_path):
    path = write_published(tmp_path / "mnist_test_seq.npy")
    code, _, errors = evaluate(
        f"--workdir={run_copy}", "--split=published", f"--published_test_set={path}"
    )
    assert code == 0, errors
    result = json.loads((run_copy / "eval_published.json").read_text())
    assert result["num_sequences"] == 3
    assert result["true_flow_warp"] is None  # nobody knows it
    frames = np.load(path).swapaxes(0, 1) > 127.5
    difference = (frames[:, 1] != frames[:, 2]).mean()  # tau = 2
    assert result["copy_last"]["mean_squared_error"] == pytest.approx(difference)
    assert (run_copy / "samples_published.png").exists()


def test_bad_input_is_one_line(run_copy, tmp_path):
    wrong_size = write_published(tmp_path / "wrong.npy", size=32)
    published = [f"--workdir={run_copy}", "--split=published"]
    cases = [
        ([f"--workdir={tmp_path / 'nowhere'}"], "config.json: no such file"),
        ([*published, f"--published_test_set={wrong_size}"], "wrong.npy: 20 frames of (32, 32)"),
        (published, "--split=published: --published_test_set is missing"),
        ([f"--workdir={run_copy}", "--split=prepared"], "--split=prepared: --prepared is missing"),
        (
            [f"--workdir={run_copy}", "--prepared=x"],
            "--prepared: is for --split=prepared, not for --split=test",
        ),
    ]
    before = {path: path.stat().st_mtime_ns for path in run_copy.rglob("*")}
    for flags, message in cases:
        code, _, errors = evaluate(*flags)
        assert code == 2
        assert len(errors.strip().splitlines()) == 1
        assert message in errors
    assert {path: path.stat().st_mtime_ns for path in run_copy.rglob("*")} == before


def halve(checkpoint):
    for path in (checkpoint / "state").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_the_checkpoint_before_a_damaged_one_is_used(run_copy):
    halve(run_copy / "checkpoints" / "100")
    code, _, errors = evaluate(f"--workdir={run_copy}")
    assert code == 0
    assert "100: damaged (state/" in errors
    assert errors.endswith("not as it was written); that of update 98 is used\n")
    assert json.loads((run_copy / "eval_test.json").read_text())["step"] == 98
    assert (run_copy / "checkpoints" / "100").exists()  # set aside by training alone


def test_damaged_checkpoints_are_named(run_copy):
    for checkpoint in (run_copy / "checkpoints").iterdir():
        halve(checkpoint)
    code, _, errors = evaluate(f"--workdir={run_copy}")
    assert code == 2
    assert "100: cannot be restored, nor can any other checkpoint" in errors
    assert len(errors.strip().splitlines()) == 1


def test_a_folder_without_checkpoints_has_its_model(run_copy):
    config = read_json(run_copy / "config.json")
    expected, step = trained_params(config, run_copy)
    shutil.rmtree(run_copy / "checkpoints")
    params, same_step = trained_params(config, run_copy)
    assert same_step == step == 100
    jax.tree.map(np.testing.assert_array_equal, params, expected)


def test_parameters_are_read_beside_any_optimisers_state(run_copy):
    config = read_json(run_copy / "config.json")
    expected, _ = trained_params(config, run_copy)
    config.optimizer.name = "rmsprop"
    jax.tree.map(np.testing.assert_array_equal, trained_params(config, run_copy)[0], expected)


def test_parameters_of_another_model_are_refused(run_copy):
    config = read_json(run_copy / "config.json")
    config.model.recurrent_flow = True  # which has parameters more
    with pytest.raises(UserError, match="100: cannot be restored"):
        trained_params(config, run_copy)


def test_an_evaluation_waits_for_no_other_process(run_copy):
    with locked(run_copy):
        code, _, errors = evaluate(f"--workdir={run_copy}")
    assert code == 2
    assert "another process is training or evaluating in this folder" in errors
