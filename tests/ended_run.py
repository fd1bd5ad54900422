"""What an ended run has left: its state, and whether it is another's, bit for bit."""

import json

import jax
import numpy as np

from experiments.configs.config import read_json
from experiments.run import build
from experiments.run.checkpoints import Checkpoints
from experiments.run.lock import locked
from vstm.training.update import init_state


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
