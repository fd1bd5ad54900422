"""Batches of the sequences that something is measured on."""

from collections.abc import Iterator

import numpy as np

from data.batches import evaluation_batches
from data.progress import Progress
from data.sources import Source
from experiments.console.errors import UserError

Batch = dict[str, np.ndarray]


def measured_batches(
    source: Source,
    num_sequences: int,
    batch_size: int,
    description: str,
    *,
    ground_truth: bool = False,
) -> Iterator[tuple[int, Batch]]:
    """`data.batches.evaluation_batches`, with a progress bar of their sequences.

    Args:
      source: the sequences.
      num_sequences: how many of them, the first ones, at most.
      batch_size: sequences per batch.
      description: for the progress bar.
      ground_truth: whether the batches have what the source knows of its sequences.

    Yields:
      How many of the batch's sequences count, and its arrays by name.

    Raises:
      UserError: a sequence cannot be read; the message names the file.
    """
    total = min(num_sequences, len(source))
    batches = evaluation_batches(source, total, batch_size, ground_truth=ground_truth)
    with Progress(total, unit="sequence", description=description, leave=False) as progress:
        while True:
            try:
                count, batch = next(batches)
            except StopIteration:
                return
            except (OSError, ValueError) as error:
                raise UserError(f"the sequences cannot be read: {error}") from error
            yield count, batch
            progress.advance(count)
