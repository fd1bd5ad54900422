"""What an update does with a batch: windows of its sequences, and parts one after the other."""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

_Tree = TypeVar("_Tree")


def random_windows(
    key: jax.Array, frames: Float[Array, "b t h w c"], length: int, axis: str | None = None
) -> Float[Array, "b n h w c"]:
    """A window of consecutive frames of each sequence, its start drawn uniformly.

    Args:
      key: random key.
      frames: the sequences.
      length: frames n of a window, at most t.
      axis: mapped axis over which the sequences are split; each has the window that it has in the
        whole batch.

    Returns:
      The windows.

    Raises:
      ValueError: the sequences are shorter.

    Source: section 4, "we sample a subsequence of tau consecutive frames".
    """
    batch, total = frames.shape[:2]
    if total < length:
        raise ValueError(f"sequences of {total} frames: expected at least {length}, a window")
    count, index = (1, 0) if axis is None else (jax.lax.axis_size(axis), jax.lax.axis_index(axis))
    starts = jax.random.randint(key, (count * batch,), 0, total - length + 1)
    starts = jax.lax.dynamic_slice_in_dim(starts, index * batch, batch)
    return jax.vmap(lambda sequence, start: jax.lax.dynamic_slice_in_dim(sequence, start, length))(
        frames, starts
    )


def mean_over_parts(
    function: Callable[[jax.Array], _Tree], batch: Float[Array, "b *rest"], count: int
) -> _Tree:
    """Mean of a function's values for parts of a batch, computed one after the other.

    Args:
      function: of a part [b / count, ...], to arrays.
      batch: the whole.
      count: number of parts, which divides b.

    Raises:
      ValueError: it does not.
    """
    if len(batch) % count:
        raise ValueError(f"{count} parts of {len(batch)} sequences: expected a divisor of them")
    if count == 1:
        return function(batch)
    parts = batch.reshape(count, -1, *batch.shape[1:])

    def add(total: _Tree, part: jax.Array) -> tuple[_Tree, None]:
        return jax.tree.map(jnp.add, total, function(part)), None

    total, _ = jax.lax.scan(add, function(parts[0]), parts[1:])
    return jax.tree.map(lambda each: each / count, total)
