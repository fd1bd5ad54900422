"""A skipped update that is made again."""

import re

import jax
import numpy as np
import pytest
from small_run import run, small_config

from experiments.configs.config import resolve
from experiments.console.errors import UserError
from experiments.run import build
from experiments.run.folder import write_config
from experiments.training import replayed
from experiments.training.skipped import NOT_FINITE_FILE, SkippedUpdates
from vstm.training.update import init_state

CONFIG = resolve(small_config(**{"data.sequence_length": 3}))  # as long as the window
BAD = {"loss": np.nan, "gradient_norm": np.nan, "update_norm": np.nan}
KERNEL = "flow_head/Conv2D_0/kernel"


@pytest.fixture
def keep(tmp_path):
    """Keeps update 14 as a run does, with a batch and parameters that are spoilt."""

    def kept(spoil):
        tx = build.make_tx(CONFIG, CONFIG.data.num_train)
        key = jax.random.key(CONFIG.seed)
        state = init_state(build.make_model(CONFIG), tx, key, build.frame_shape(CONFIG))
        frames = np.random.default_rng(0).random((2, 3, 30, 30, 1)) > 0.7
        frames, params = frames.astype(np.float32), jax.tree.map(np.array, state.params)
        spoil(frames, params)
        write_config(tmp_path, CONFIG)
        skipped = SkippedUpdates(tmp_path, 14, 1)
        with pytest.raises(UserError, match=r"not_finite.npz, from which experiments.replay"):
            skipped.keep(14, BAD, frames, state.replace(params=params), tmp_path, "none left")
        return tmp_path

    return kept


def rows(output):
    """The table, by its first column."""
    lines = [line.strip("| ").split(" | ") for line in output.splitlines() if line[:2] == "| "]
    return {name: values for name, *values in lines}


def nan_in_a_frame(frames, params):
    frames[1, 1, 7, 9] = np.nan


def huge_kernel(frames, params):
    params["flow_head"]["Conv2D_0"]["kernel"][:] = 3e38


@pytest.mark.parametrize(
    "spoil, expected",
    [
        (
            nan_in_a_frame,
            {
                "loss": "nan",
                "skipped": "1",
                "frames": "frame 2 is the first of 1 of 3: nan at [1, 7, 9, 0], 1 of 1800 values",
                "parameters": "finite, up to 1 in memory/ConvLSTM_0/bias",
                "activations": "frame 2, encoder/CPD_0 is the first of ",
                "terms of the loss": "cross_entropy is the first of ",
                "gradient": "decoder/Conv2D_0/bias is the first of 14 of 14: nan at [0]",
            },
        ),
        (
            huge_kernel,
            {
                "frames": "finite, up to 1 in frame 1",
                "parameters": f"finite, up to 3e+38 in {KERNEL}",
                "activations": "frame 1, flow_head/Conv2D_0 is the first of ",
                "gradient_norm": "nan",
                "skipped": "1",
            },
        ),
    ],
    ids=lambda case: getattr(case, "__name__", ""),
)
def test_what_is_not_finite_first_is_named(keep, monkeypatch, spoil, expected):
    monkeypatch.setattr(replayed, "PRECISIONS", ("float32",))
    folder = keep(spoil)
    code, output, errors = run("replay", f"--workdir={folder}")
    assert (code, errors) == (0, "")
    assert output.startswith(f"update 14 of {folder / NOT_FINITE_FILE}, on ")
    found = rows(output)
    for name, value in expected.items():
        assert found[name][0].startswith(value), name


def test_a_file_of_another_configuration_is_named(keep):
    folder = keep(nan_in_a_frame)
    path = folder / NOT_FINITE_FILE
    with np.load(path) as kept:
        arrays = dict(kept)
    for name, array, message in (
        (f"params/{KERNEL}", np.zeros(3), rf"params/{KERNEL} is \[3\]; expected \[15, 15, 4, 2\]"),
        ("update", None, "not a skipped update of this configuration .*update is not a file"),
    ):
        changed = {n: a for n, a in (arrays | {name: array}).items() if a is not None}
        np.savez(path, **changed)
        code, _, errors = run("replay", f"--workdir={folder}")
        assert code == 2
        assert re.search(f"{NOT_FINITE_FILE}: {message}", errors)
