"""Updates that are not finite."""

import functools
import json

import jax
import numpy as np
import pytest
from ended_run import final_state
from small_run import small_config

from experiments.console.errors import UserError
from experiments.training.experiment import train_and_evaluate
from experiments.training.training_data import TrainingData


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
