"""Batches of sequences: endless and shuffled for training, in order and padded for evaluation."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from data.sources import Augment, GroundTruthSource, Source

if TYPE_CHECKING:
    import grain


def training_batches(
    source: Any,
    batch_size: int,
    seed: int,
    augmentation: Augment | None = None,
    *,
    taken: str | None = "frames",
    shard: int = 0,
    num_shards: int = 1,
) -> "grain.DatasetIterator":
    """Endless iterator over shuffled batches, of frames or of what these are made of.

    Each epoch shows every sequence once, in a new order that depends only on the seed and the
    epoch. `get_state` and `set_state` save and restore the position.

    Args:
      source: random-access source whose items are arrays by name.
      batch_size: sequences per batch, of all shards together.
      seed: of the order, and of the augmentation.
      augmentation: makes the frames [T, H, W, C] of an item, with random numbers that depend only
        on the seed and the position; None takes the item as it is.
      taken: which array of an item, where there is no augmentation; None for all of them.
      shard: which part of each batch this process reads, in [0, num_shards).
      num_shards: number of parts, which divides batch_size. Neither the sequences of a batch nor
        their augmentation nor the position depend on it.

    Returns:
      Iterator over arrays [batch_size / num_shards, ...], such as frames float32 [..., T, H, W, C];
      by name, where all of an item are taken.

    Raises:
      ValueError: batch_size is no multiple of num_shards.
    """
    import grain  # a second to import, and evaluation does without

    if batch_size % num_shards:
        raise ValueError(f"batch_size={batch_size}: expected a multiple of num_shards={num_shards}")
    # There is no remainder without end; without the flag, grain 0.2.18 rounds the number of batches
    # up in floating point, and that of batches of one sequence overflows.
    # The slice is all of it; the augmentation's random numbers go by the number of steps before it.
    dataset = grain.MapDataset.source(source).seed(seed).shuffle().slice(slice(None)).repeat()
    if augmentation is not None:
        dataset = dataset.random_map(augmentation)
    elif taken is not None:
        dataset = dataset.map(itemgetter(taken))
    ours = grain.MapDataset.source(_Part(dataset, batch_size // num_shards, shard, num_shards))
    dataset = ours.batch(batch_size // num_shards, drop_remainder=True)
    # One thread prepares the next batches while the step runs; the arrays are too small to share.
    return iter(dataset.to_iter_dataset(grain.ReadOptions(num_threads=1, prefetch_buffer_size=2)))


def evaluation_batches(
    source: Source, num_sequences: int, batch_size: int, *, ground_truth: bool = False
) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    """The first sequences of a source, in order, in batches of equal size.

    The last batch is padded with copies of its last sequence, so that a jitted function compiles
    once.

    Args:
      source: sequences by index.
      num_sequences: how many of them, at most.
      batch_size: B.
      ground_truth: whether items are `source.with_ground_truth(i)`, not `source[i]`.

    Yields:
      The number of sequences that are no padding, 1 to B, which come first; and the items' arrays
      by name, stacked: `frames` float32 [B, T, H, W, 1].

    Raises:
      OSError, ValueError: a sequence cannot be read; the message names the file.
      TypeError: the source has no ground truth.
    """
    read = source.__getitem__
    if ground_truth:
        if not isinstance(source, GroundTruthSource):
            raise TypeError(f"{type(source).__name__} has no ground truth")
        read = source.with_ground_truth
    num_sequences = min(num_sequences, len(source))
    for start in range(0, num_sequences, batch_size):
        items = [read(i) for i in range(start, min(start + batch_size, num_sequences))]
        filled = items + [items[-1]] * (batch_size - len(items))
        yield len(items), {name: np.stack([item[name] for item in filled]) for name in items[0]}


@dataclass(frozen=True)
class _Part:
    """The sequences of each batch that one of several processes reads.

    Attributes:
      items: of all sequences, batch after batch.
      size: sequences of a part.
      index: which part of each batch.
      count: number of parts.
    """

    items: Any
    size: int
    index: int
    count: int

    def __len__(self) -> int:
        return len(self.items) // self.count

    def __getitem__(self, place: int) -> Any:
        batch, within = divmod(place, self.size)
        return self.items[(batch * self.count + self.index) * self.size + within]
