"""Training batches of a configuration, and the position in them at which a run resumes."""

from typing import Any

import jax
import numpy as np

from data.batches import training_batches
from data.sources import DeviceFrames
from experiments.configs.config import Config
from experiments.console.errors import UserError
from experiments.run import build
from vstm.training.repeated import as_given


class TrainingData:
    """Endless training batches; see `data.batches`.

    Attributes:
      num_sequences: that there are, of which an epoch consists.
      item: shapes and types of what a batch has of each sequence: frames, or what the device makes
        them of.
      make_frames: frames of a batch, see `vstm.training.repeated`.
      material: what that takes beside a batch, on this host.
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
        self.item: Any = jax.ShapeDtypeStruct(
            (config.data.sequence_length, *build.frame_shape(config)), np.float32
        )
        self.material, self.make_frames = DeviceFrames((), as_given)
        if opened.on_device is not None:
            self.material, self.make_frames = opened.on_device
            self.item = jax.tree.map(jax.typeof, opened.source[0])
        self._batches = training_batches(
            opened.source,
            config.train.batch_size,
            config.seed,
            opened.augmentation,
            taken="frames" if opened.on_device is None else None,
            shard=jax.process_index(),
            num_shards=jax.process_count(),
        )

    def __next__(self) -> Any:
        """This process's part of the next batch: of each array of `item`, [B / processes, ...].

        Raises:
          UserError: it cannot be read.
        """
        try:
            return next(self._batches)
        except (OSError, ValueError) as error:
            raise UserError(f"the sequences cannot be read: {error}") from error

    def frames(self, batch: Any) -> np.ndarray:
        """Those of a batch, [B / processes, T, H, W, C]."""
        return np.asarray(jax.jit(self.make_frames)(self.material, batch))

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
