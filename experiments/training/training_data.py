"""Training batches of a configuration, and the position in them that a run goes on from."""

from typing import Any

import numpy as np

from data.batches import training_batches
from data.clips.windows import Augmentation
from experiments.configs.config import Config
from experiments.console.errors import UserError
from experiments.run import build


class TrainingData:
    """Endless training batches; see `data.batches`."""

    def __init__(self, config: Config):
        """Opens the data.

        Raises:
          UserError: they cannot be read; the message names the file.
        """
        self._directory = config.video.directory
        self._clips_checksum: int | None = None  # moving MNIST is what the configuration says
        batch_size, seed = config.train.batch_size, config.seed
        if config.data.name == "moving_mnist":
            source = build.moving_mnist(config, "train")
            self._batches = training_batches(source, batch_size, seed)
            return
        augmentation = Augmentation(
            config.data.image_size,
            crops=config.video.random_crops,
            max_pan=config.video.max_pan,
            flips=config.video.random_flips,
            reversals=config.video.random_reversals,
        )
        windows = build.video_windows(config, "train")
        self._clips_checksum = windows.clips.checksum
        self._batches = training_batches(windows, batch_size, seed, augmentation)

    def __next__(self) -> np.ndarray:
        """The next batch, float32 [B, T, H, W, C].

        Raises:
          UserError: it cannot be read.
        """
        try:
            return next(self._batches)
        except (OSError, ValueError) as error:
            raise UserError(f"the sequences cannot be read: {error}") from error

    def position(self) -> dict[str, Any]:
        """What `go_to` returns to, for JSON."""
        return {"batches": self._batches.get_state(), "clips": self._clips_checksum}

    def go_to(self, position: dict[str, Any]) -> None:
        """Goes on from a position.

        Raises:
          UserError: it is in other clips, where it means nothing, or of an older version.
        """
        if position.keys() != {"batches", "clips"}:
            raise UserError(
                "the checkpoint's position in the training data is of another version of this "
                "program; choose another --workdir"
            )
        if position["clips"] != self._clips_checksum:
            raise UserError(
                f"config.video.directory={self._directory}: was prepared anew, with other clips or "
                "splits, since this run was stopped; choose another --workdir"
            )
        self._batches.set_state(position["batches"])
