"""Training batches of a configuration, and the position in them at which a run resumes."""

from typing import Any

import jax
import numpy as np

from data.batches import training_batches
from experiments.configs.config import Config
from experiments.console.errors import UserError
from experiments.run import build


class TrainingData:
    """Endless training batches; see `data.batches`.

    Attributes:
      num_sequences: that there are, of which an epoch consists.
    """

    def __init__(self, config: Config):
        """Opens the data.

        Raises:
          UserError: they cannot be read; the message names the file.
        """
        self._name = config.data.name
        opened = build.training_source(config)
        self._checksum = opened.checksum
        self.num_sequences = len(opened.source)
        self._batches = training_batches(
            opened.source,
            config.train.batch_size,
            config.seed,
            opened.augmentation,
            shard=jax.process_index(),
            num_shards=jax.process_count(),
        )

    def __next__(self) -> np.ndarray:
        """This process's part of the next batch, float32 [B / processes, T, H, W, C].

        Raises:
          UserError: it cannot be read.
        """
        try:
            return next(self._batches)
        except (OSError, ValueError) as error:
            raise UserError(f"the sequences cannot be read: {error}") from error

    def position(self) -> dict[str, Any]:
        """What `go_to` returns to, for JSON."""
        return {"batches": self._batches.get_state(), "clips": self._checksum}

    def go_to(self, position: dict[str, Any]) -> None:
        """Resumes at a position.

        Raises:
          UserError: it is in other clips, where it means nothing, or of an older version.
        """
        if position.keys() != {"batches", "clips"}:
            raise UserError(
                "the checkpoint's position in the training data is of another version of this "
                "program; choose another --workdir"
            )
        if position["clips"] != self._checksum:
            raise UserError(
                f"config.{self._name}: the data was prepared anew, with other clips or "
                "splits, since this run was stopped; choose another --workdir"
            )
        self._batches.set_state(position["batches"])
