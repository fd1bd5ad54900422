"""What happens to a run while it trains: a full disk, a moved folder, NaN, damage, a stop."""

import json
import os
import shutil
import signal
import threading
from contextlib import contextmanager
from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest
from ended_run import assert_same_run
from small_run import small_config

from experiments.console.errors import UserError
from experiments.run.manifest import verified
from experiments.run.stored import latest_update, steps
from experiments.training import experiment, parts
from experiments.training.experiment import train_and_evaluate

MOMENT = 10  # the update at which it happens; checkpoints are of updates 7, 14, ...


@pytest.fixture
def at_the_moment(monkeypatch):
    """Has a function called with the state after each update from `MOMENT` on.

    What it returns, if anything, is the state from then on.
    """

    @contextmanager
    def happen(act):
        def compile_updates(*arguments):
            updates = compiled(*arguments)

            def disturbed(*arguments):
                state, *others = updates(*arguments)
                if int(state.step) < MOMENT:
                    return state, *others
                for thread in threading.enumerate():  # of a checkpoint, which is whole then
                    if thread.name == "checkpoint":
                        thread.join()
                return act(state) or state, *others

            return disturbed

        compiled = parts.compile_updates
        with monkeypatch.context() as patch:
            patch.setattr(parts, "compile_updates", compile_updates)
            yield

    return happen


def assert_ends_as(folder, finished_run):
    train_and_evaluate(small_config(), folder)
    ours, expected = (verified(run / "checkpoints" / "100") for run in (folder, finished_run))
    assert ours == expected
    for name in ("eval_test.json", "model.npz"):
        assert (folder / name).read_bytes() == (finished_run / name).read_bytes()


def test_a_full_disk_ends_the_run_and_the_same_command_continues(
    finished_run, tmp_path, at_the_moment, limited_files
):
    log = tmp_path / "metrics.jsonl"
    with (
        limited_files(10**9) as lower,
        at_the_moment(lambda state: lower(log.stat().st_size)),
        pytest.raises(UserError, match=r"metrics.jsonl: cannot be written \(File too large"),
    ):
        train_and_evaluate(small_config(), tmp_path)
    assert steps(tmp_path) == [7]
    assert_ends_as(tmp_path, finished_run)


def test_a_run_whose_folder_was_replaced_stops_and_leaves_the_other_one(
    finished_run, tmp_path, at_the_moment
):
    run, moved, other = tmp_path / "run", tmp_path / "moved", tmp_path / "other"
    shutil.copytree(finished_run, other)

    def replace(state):
        if other.exists():
            run.rename(moved)
            other.rename(run)

    with (
        at_the_moment(replace),
        pytest.raises(UserError, match="run: no longer the folder that this process has locked"),
    ):
        train_and_evaluate(small_config(), run)
    for path in finished_run.rglob("*"):
        if path.is_file():
            assert (run / path.relative_to(finished_run)).read_bytes() == path.read_bytes()
    assert steps(moved) == [7]


def test_parameters_that_are_not_finite_are_not_saved_though_the_loss_is(tmp_path, at_the_moment):
    def break_down(state):
        params = jax.tree.map(lambda leaf: leaf * jnp.nan, state.params)
        return state.replace(params=params) if int(state.step) == 14 else None

    message = r"14: not saved: params/\S+ is not finite; the last checkpoint is of update 7"
    with at_the_moment(break_down), pytest.raises(UserError, match=message):
        train_and_evaluate(small_config(), tmp_path)
    assert steps(tmp_path) == [7]


def test_a_damaged_checkpoint_costs_the_updates_since_the_one_before(
    finished_run, tmp_path, capsys
):
    run = shutil.copytree(finished_run, tmp_path / "run")
    manifest = run / "checkpoints" / "100" / "manifest"
    manifest.write_bytes(manifest.read_bytes()[:-9])
    assert_ends_as(run, finished_run)
    printed = capsys.readouterr()
    assert "100: damaged (manifest: not as it was written), set aside as 100.dam" in printed.err
    assert "continues after update 98 of 100" in printed.out


def test_the_best_checkpoint_is_kept_beside_the_latest(finished_run):
    scores = {
        step: verified(finished_run / "checkpoints" / str(step)).score
        for step in steps(finished_run)
    }
    assert {98, 100} <= scores.keys()
    best = min(score for score in scores.values() if score is not None)
    lines = (finished_run / "metrics.jsonl").read_text().splitlines()
    logged = [
        line["validation/cross_entropy"]
        for line in map(json.loads, lines)
        if "validation/cross_entropy" in line
    ]
    assert best == min(logged)
    assert len(scores) <= 3


def test_a_stop_while_a_picture_is_drawn_is_saved(finished_run, tmp_path, monkeypatch, capsys):
    made = experiment.make_validation

    def stopping(*arguments):
        validation = made(*arguments)

        def draw(params):
            os.kill(os.getpid(), signal.SIGTERM)
            return validation.draw(params)

        return replace(validation, draw=draw)

    monkeypatch.setattr(experiment, "make_validation", stopping)
    _, received = train_and_evaluate(small_config(), tmp_path)
    assert received == signal.SIGTERM
    assert "after update 30 of 100, saved" in capsys.readouterr().out  # where no checkpoint is due
    assert latest_update(tmp_path) == 30
    monkeypatch.undo()
    train_and_evaluate(small_config(), tmp_path)
    assert_same_run(tmp_path, finished_run)
