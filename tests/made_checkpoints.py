"""Checkpoints of a small state."""

from contextlib import contextmanager

import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments.run.checkpoints import Checkpoints
from experiments.run.lock import locked
from vstm.training.update import TrainState

TX = optax.adam(1e-3)


def state_of(step, seed=0):
    params = {"kernel": jax.random.normal(jax.random.key(seed), (5, 4)), "scale": jnp.ones(())}
    return TrainState(
        step=jnp.asarray(step, jnp.int32),
        params=params,
        opt_state=TX.init(params),
        key=jax.random.key(seed),
    )


def numbers(state):
    return jax.tree.leaves(
        (state.step, state.params, state.opt_state, jax.random.key_data(state.key))
    )


def assert_same(ours, expected):
    for a, b in zip(numbers(ours), numbers(expected), strict=True):
        np.testing.assert_array_equal(a, b)


@contextmanager
def opened(folder, keep=2, keep_best=0):
    with locked(folder) as lock:
        checkpoints = Checkpoints(folder, lock, keep=keep, keep_best=keep_best)
        yield checkpoints
        checkpoints.close()


def saved(folder, *updates):
    with opened(folder, keep=len(updates)) as checkpoints:
        for step in updates:
            checkpoints.save(state_of(step, seed=step), {"next": step})
        checkpoints.wait()
    return folder / "checkpoints" / str(updates[-1])


def files(checkpoint):
    return sorted(path for path in checkpoint.rglob("*") if path.is_file())


def content(folder):
    return {path: path.read_bytes() for path in files(folder)}
