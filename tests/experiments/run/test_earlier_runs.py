"""A run that was trained before models were described by `ModelConfig`, and what is read of it.

`format1` is such a run's folder: eight updates of a small conv-1enc-1LSTM with a narrower memory, a
recurrent flow head, residual output and normalised contrast, on moving MNIST of 30x30 pixels.
"""

import json
import shutil
from pathlib import Path

import jax
import numpy as np
import pytest
from small_run import run

import vstm
from experiments.configs.config import read_json
from experiments.run.checkpoints import trained_params

FORMAT1 = Path(__file__).parent / "format1"


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(FORMAT1, tmp_path / "run")


def test_model_file_and_checkpoint_are_read_as_the_same_model(folder):
    predictor, config = vstm.load(folder), read_json(folder / "config.json")
    expected = vstm.ModelConfig(
        memory_features=(4,),  # a tenth of 45
        memory_kernel_size=3,
        recurrent_flow=True,
        residual=True,
        normalise_contrast=True,
        output="intensity",
        frame_size=(30, 30),
    )
    assert predictor.model.config == expected
    params, step = trained_params(config, folder)
    assert step == 8
    jax.tree.map(np.testing.assert_array_equal, params, predictor.params)


def test_evaluation_gives_the_scores_that_were_written_then(folder):
    before = json.loads((folder / "eval_test.json").read_text())
    (folder / "eval_test.json").unlink()
    code, _, errors = run("evaluate", f"--workdir={folder}", "--split=test")
    assert (code, errors) == (0, "")
    after = json.loads((folder / "eval_test.json").read_text())
    for name in ("model", "copy_last", "constant_mean", "true_flow_warp"):
        for metric, score in before[name].items():
            ours = after[name][metric]
            assert ours == (score if score is None else pytest.approx(score, rel=1e-5, abs=1e-7))


def test_training_goes_on(folder):
    fields = json.loads((folder / "config.json").read_text())
    assert "format" in fields and "memory" in fields
    flags = [
        "--config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM",
        *(f"--config.{path}={value}" for path, value in SETTINGS.items()),
    ]
    code, output, errors = run("train", *flags, f"--workdir={folder}")
    assert (code, errors) == (0, "")
    assert "continues after update 8 of 10" in output
    assert trained_params(read_json(folder / "config.json"), folder)[1] == 10


SETTINGS = {
    "model.memory_features": "(4,)",
    "model.memory_kernel_size": 3,
    "model.residual": True,
    "model.normalise_contrast": True,
    "model.recurrent_flow": True,
    "loss": "sum",
    "optimizer.name": "rmsprop",
    "optimizer.learning_rate": 1e-3,
    "tau": 3,
    "data.image_size": 30,
    "moving_mnist.num_digits": 1,
    "data.sequence_length": 5,
    "data.num_train": 8,
    "data.num_validation": 3,
    "data.num_test": 4,
    "train.num_sequences": 20,
    "train.batch_size": 2,
    "train.log_every_steps": 4,
    "train.validate_every_steps": 8,
    "train.image_every_steps": 8,
    "train.keep_checkpoints": 1,
    "evaluation.batch_size": 2,
}
"""The command line that trained it, in the present names, but for the length."""
