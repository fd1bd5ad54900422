"""Recurrences over long sequences, with activations kept for one segment of it at a time."""

from collections.abc import Callable
from typing import Any

import jax

Advance = Callable[[Any, jax.Array], tuple[Any, Any]]


def scan_segments(advance: Advance, state: Any, frames: jax.Array, length: int) -> tuple[Any, Any]:
    """Advances a recurrence segment by segment, recomputing each in the backward pass.

    Memory for activations grows with tau / length states plus the activations of `length` frames,
    instead of those of tau frames; time grows by a forward pass.

    Args:
      advance: (state, frames [n, ...]) -> (state, outputs after the last of them), for any n >= 1;
        the state that it returns has one structure, also where it took None.
      state: initial state, or None.
      frames: [tau, ...].
      length: frames of a segment, at least 1; the first one takes the remainder of tau / length.

    Returns:
      State and outputs after the last frame.

    Source: Chen et al. 2016 ("Training deep nets with sublinear memory cost").
    """
    checkpointed = jax.checkpoint(advance)
    first = (len(frames) - 1) % length + 1
    reached = checkpointed(state, frames[:first])
    segments = frames[first:].reshape(-1, length, *frames.shape[1:])
    if not len(segments):
        return reached
    reached, _ = jax.lax.scan(
        lambda reached, segment: (checkpointed(reached[0], segment), None), reached, segments
    )
    return reached
