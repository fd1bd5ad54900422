"""Updates that were skipped since they were not finite: counted, logged, the last one kept."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from data.atomic_file import replacing
from data.progress import say
from experiments.console.errors import UserError
from experiments.run.metrics_log import logged
from experiments.run.stored import named
from experiments.training.reporter import Reporter
from vstm.training.update import TrainState

NOT_FINITE_FILE = "not_finite.npz"
"""What is needed to replay a skipped update: `update`, its number; `frames` [B, T, H, W, C], its
batch; and, as before it, each parameter under its path, `params/module/.../name`, and each array of
the optimiser's state, `opt_state/...`."""

_TOTAL, _IN_A_ROW = "train/skipped", "train/skipped_in_a_row"


class SkippedUpdates:
    """Counts them, through resuming too, as the run's log has the counts.

    Attributes:
      in_a_row: how many the latest updates were.
    """

    def __init__(self, folder: Path, last_step: int, limit: int):
        """Takes the counts up again.

        Args:
          folder: the run's folder, which may have no log yet.
          last_step: update that the run has reached; later lines of the log don't count.
          limit: how many in a row end the run.
        """
        self._limit = limit
        self._total = self.in_a_row = 0
        for values in logged(folder, last_step):
            if _TOTAL in values:
                self._total = values[_TOTAL]
                self.in_a_row = values[_IN_A_ROW] if values["step"] == last_step else 0

    @property
    def too_many(self) -> bool:
        """Whether the run must end."""
        return self.in_a_row >= self._limit

    def note(self, step: int, metrics: Mapping[str, float], reporter: Reporter) -> None:
        """Takes note of an update, and logs it if it was skipped.

        Args:
          step: its number.
          metrics: its.
          reporter: where it is logged.
        """
        if not metrics["skipped"]:
            self.in_a_row = 0
            return
        self._total += 1
        self.in_a_row += 1
        counts = {"skipped": self._total, "skipped_in_a_row": self.in_a_row}
        reporter.scalars(step, "train", counts)
        say(f"update {step} skipped, {self.in_a_row} in a row: {_text(metrics)}")

    def keep(
        self,
        step: int,
        metrics: Mapping[str, float],
        frames: np.ndarray,
        state: TrainState,
        folder: Path,
        left: str,
    ) -> None:
        """Keeps the last of too many in `NOT_FINITE_FILE`, and ends the run.

        Args:
          step: its number.
          metrics: its.
          frames: its batch, [B, T, H, W, C].
          state: before it, but for its step.
          folder: where to keep it.
          left: which checkpoint there is, see `Checkpoints.describe_latest`.

        Raises:
          UserError: always.
        """
        path = folder / NOT_FINITE_FILE
        arrays = named({"params": state.params, "opt_state": state.opt_state})
        try:
            with replacing(path) as part, part.open("xb") as file:
                np.savez(file, update=step, frames=frames, **arrays)
        except OSError as error:
            raise UserError(f"{path}: cannot be written ({error})") from error
        raise UserError(
            f"{folder}: diverged: {_text(metrics)} at update {step}, the last of {self.in_a_row} "
            f"skipped in a row (config.train.max_skipped); its batch and state are in {path}, from "
            f"which experiments.replay makes it again; {left}. Lower "
            "config.optimizer.learning_rate or config.optimizer.clip_global_norm, in another "
            "--workdir"
        )


def _text(metrics: Mapping[str, float]) -> str:
    return (
        f"the loss is {metrics['loss']}, its gradient's norm {metrics['gradient_norm']}, the "
        f"step's {metrics['update_norm']}"
    )
