import shutil

import jax
import numpy as np
import pytest
from small_run import small_config

from experiments.configs.config import read_json
from experiments.console.errors import UserError
from experiments.training.experiment import train_and_evaluate
from vstm.inference.model_file import load_model

SHORT = {
    "train.num_sequences": 12,
    "train.checkpoint_every_steps": 3,
    "optimizer.learning_rate": 1e-9,  # so that a run ends with what it began with
}


def following(initial, **changes):
    return small_config(**SHORT, **{"train.initial_model": str(initial)}, **changes)


def assert_same_parameters(ours, theirs, atol=0.0):
    pairs = zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True)
    for our, their in pairs:
        np.testing.assert_allclose(our, their, rtol=0, atol=atol)


def test_training_goes_on_from_another_runs_model(finished_run, tmp_path):
    initial = shutil.copytree(finished_run, tmp_path / "first")
    state, _ = train_and_evaluate(following(initial), tmp_path / "second")
    _, first = load_model(initial)
    assert_same_parameters(state.params, first, atol=1e-7)

    settings = read_json(tmp_path / "second" / "config.json")
    shutil.rmtree(initial)
    train_and_evaluate(settings, tmp_path / "second")  # reports
    shutil.rmtree(tmp_path / "second" / "checkpoints" / "6")
    again, _ = train_and_evaluate(settings, tmp_path / "second")  # resumes
    assert_same_parameters(again.params, state.params)


@pytest.mark.parametrize(
    "changes, message",
    [
        (
            {"model.memory_features": (5,)},
            r"another network's; its .* is \[.*\], this configuration's",
        ),
        ({"data.image_size": 32}, r"scaled; expected config.data.image_size=30"),
        ({"train.initial_model": "nowhere"}, r"train.initial_model: nowhere: no such file"),
    ],
)
def test_other_models_are_refused_before_anything_is_written(
    finished_run, tmp_path, changes, message
):
    settings = SHORT | {"train.initial_model": str(finished_run)} | changes
    with pytest.raises(UserError, match=message):
        train_and_evaluate(small_config(**settings), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_what_another_runs_model_lacks_is_drawn_and_what_it_has_more_is_refused(
    finished_run, tmp_path, capsys
):
    recurrent = {"model.recurrent_flow": True}
    gated, _ = train_and_evaluate(following(finished_run, **recurrent), tmp_path / "gated")
    assert "lacks flow_head/gate/bias, flow_head/gate/kernel;" in capsys.readouterr().out
    _, first = load_model(finished_run)
    np.testing.assert_allclose(
        gated.params["flow_head"]["scale"], first["flow_head"]["scale"], atol=1e-7
    )
    with pytest.raises(UserError, match=r"flow_head/gate/bias is \[2\], this configuration's none"):
        train_and_evaluate(following(tmp_path / "gated"), tmp_path / "ungated")
