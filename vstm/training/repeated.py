"""Several updates in one call, with no host between them."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from vstm.training.update import Metrics, TrainState, TrainStep

Updates = Callable[
    [TrainState, ArrayLike, Any, ArrayLike, Any], tuple[TrainState, jax.Array, Metrics]
]
MakeFrames = Callable[[Any, Any], jax.Array]
"""Frames [B, T, H, W, C] of a batch: (material, batch) -> frames, both any pytrees of arrays."""


def as_given(material: Any, batch: jax.Array) -> jax.Array:
    """Frames that are given as they are, a `MakeFrames`.

    Args:
      material: nothing.
      batch: frames, [B, T, H, W, C].

    Returns:
      The batch.
    """
    return batch


def repeated(
    train_step: TrainStep, max_skipped: int, make_frames: MakeFrames = as_given
) -> Updates:
    """Up to N updates, one after the other, on as many batches.

    How many there are is an argument of the compiled program, so each update is the same machine
    code whatever it is: the results of a run depend neither on N nor on how calls are cut.

    Args:
      train_step: one update, see `make_train_step`.
      max_skipped: after so many skipped updates in a row no further one is made.
      make_frames: makes the frames of one batch, in its update, so that those of one batch are in
        memory at a time.

    Returns:
      (state, in_a_row, batches [N, B, ...], count, material) -> (state, in_a_row, metrics [N]):
      `in_a_row` is how many updates were skipped without one made in between, up to the state;
      `count`, at most N, how many batches are used; `material`, what `make_frames` takes beside a
      batch, () where it takes nothing. Metrics beyond the updates made are 0; the
      states' `step` says how many were.
    """
    traced_once = jax.jit(train_step, inline=True)

    def updates(state, in_a_row, batches, count, material):
        def frames(index):
            made = make_frames(material, jax.tree.map(lambda each: each[index], batches))
            # Made first, so that the update is the same machine code whoever makes them.
            return jax.lax.optimization_barrier(made)

        num_batches = len(jax.tree.leaves(batches)[0])
        described = jax.eval_shape(lambda: traced_once(state, frames(0))[1])
        metrics = jax.tree.map(lambda one: jnp.zeros((num_batches, *one.shape)), described)

        def goes_on(carry):
            index, _, in_a_row, _ = carry
            return (index < count) & (in_a_row < max_skipped)

        def update(carry: tuple[jax.Array, TrainState, jax.Array, Metrics]) -> Any:
            index, state, in_a_row, metrics = carry
            state, ours = traced_once(state, frames(index))
            in_a_row = jnp.where(ours["skipped"] > 0, in_a_row + 1, 0)
            metrics = jax.tree.map(lambda all, one: all.at[index].set(one), metrics, ours)
            return index + 1, state, in_a_row, metrics

        start = (jnp.int32(0), state, jnp.int32(in_a_row), metrics)
        _, state, in_a_row, metrics = jax.lax.while_loop(goes_on, update, start)
        return state, in_a_row, metrics

    return updates
