"""Endless shuffled batches of a random-access source, resumable and shardable."""

from collections.abc import Callable, Mapping
from typing import Any

import grain
import numpy as np

Item = Mapping[str, np.ndarray]


def training_batches(
    source: Any,
    batch_size: int,
    seed: int,
    augmentation: Callable[[Item, np.random.Generator], np.ndarray] | None = None,
    *,
    shard: int = 0,
    num_shards: int = 1,
) -> grain.DatasetIterator:
    """Iterator over shuffled batches of frames, without end.

    Every pass shows each sequence once, in a new order that depends on the seed and the pass
    alone. `get_state` and `set_state` save and restore the position.

    Args:
      source: random-access source whose items have `frames` [T, H, W, C].
      batch_size: sequences a batch of this shard.
      seed: of the order, and of the augmentation.
      augmentation: makes the frames [T, H, W, C] of an item, with random numbers that depend on the
        seed and the position alone; None takes the item's `frames`.
      shard: which part of every pass this process reads, in [0, num_shards).
      num_shards: number of parts.

    Returns:
      Iterator over float32 [batch_size, T, H, W, C].
    """
    # There is no remainder without end; without the flag, grain 0.2.18 rounds the number of batches
    # up in floating point, and that of batches of one sequence overflows.
    dataset = (
        grain.MapDataset.source(source)
        .seed(seed)
        .shuffle()
        .slice(slice(shard, None, num_shards))
        .repeat()
    )
    frames = dataset.map(_frames) if augmentation is None else dataset.random_map(augmentation)
    dataset = frames.batch(batch_size, drop_remainder=True)
    # One thread prepares the next batches while the step runs; the arrays are too small to share.
    return iter(dataset.to_iter_dataset(grain.ReadOptions(num_threads=1, prefetch_buffer_size=2)))


def _frames(item: Item) -> np.ndarray:
    return item["frames"]
