"""Checkpoints: parameters, optimiser, step, key and data position, by update.

Written beside the training, verified when they are read; see `experiments.run.manifest`.
"""

import threading
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from data.atomic_file import SUFFIX
from experiments.configs.config import Config
from experiments.console.errors import UserError
from experiments.run import build
from experiments.run.lock import Lock
from experiments.run.manifest import DamageError, read_manifest
from experiments.run.stored import (
    CHECKPOINT_FOLDER,
    newest_intact,
    not_finite,
    remove,
    steps,
    warn,
)
from experiments.run.written import cannot_be_written, write_checkpoint
from vstm.inference.model_file import MODEL_FILE
from vstm.training.update import TrainState


class Checkpoints:
    """Checkpoints of a run that this process trains.

    A checkpoint is written by a thread, from copies that the next update cannot overwrite, under a
    temporary name, and renamed when it is whole: so a kill, or a full disk, leaves the previous
    ones as they were.
    """

    def __init__(self, folder: Path, lock: Lock, *, keep: int, keep_best: int, writes: bool = True):
        """Opens the run's checkpoints, and removes what killed writers left.

        Args:
          folder: the run's folder.
          lock: on it.
          keep: how many of the latest are kept, at least 1.
          keep_best: how many of those with the best validation scores are kept besides.
          writes: whether this process does, or one of the others whose state is the same.
        """
        self._run, self._lock = folder, lock
        self._folder = folder / CHECKPOINT_FOLDER
        self._keep, self._keep_best, self._writes = keep, keep_best, writes
        self._thread: threading.Thread | None = None
        self._error: UserError | None = None
        if writes and self._folder.exists():
            for left in self._folder.glob(f"*{SUFFIX}"):
                remove(left)

    @property
    def latest_step(self) -> int | None:
        """Update of the latest checkpoint that is whole; None where there is none."""
        self._join()
        return max(steps(self._run), default=None)

    def describe_latest(self) -> str:
        """Which checkpoint is left when a run breaks down, for messages."""
        step = self.latest_step
        return (
            "no checkpoint is saved" if step is None else f"the last checkpoint is of update {step}"
        )

    def is_among_the_best(self, score: float | None) -> bool:
        """Whether a validation score is so good that its checkpoint would be kept for it."""
        if score is None or not self._keep_best or not self._writes:
            return False
        self._join()
        best = sorted(self._scores().values())[: self._keep_best]
        return len(best) < self._keep_best or score < best[-1]

    def save(
        self, state: TrainState, data_position: dict[str, Any], score: float | None = None
    ) -> None:
        """Begins to write the state and the batches' position, unless it is saved already.

        Args:
          state: finite.
          data_position: see `TrainingData.position`.
          score: on validation sequences, the lower the better; None where it was not scored.

        Raises:
          UserError: the state is not finite, or the checkpoint before could not be written.
        """
        self.wait()
        step = int(state.step)
        if not self._writes or step == self.latest_step:
            return
        arrays = jax.tree.map(lambda leaf: np.array(leaf, copy=True), _arrays(state))
        wrong = not_finite(arrays)
        if wrong:
            raise UserError(
                f"{self._folder / str(step)}: not saved: {wrong[0]} is not finite; "
                f"{self.describe_latest()}"
            )
        self._thread = threading.Thread(
            target=self._write, args=(step, arrays, data_position, score), name="checkpoint"
        )
        self._thread.start()

    def check(self) -> None:
        """Reports what could not be written.

        Raises:
          UserError: a checkpoint; earlier ones stay as they are.
        """
        if self._error is not None:
            raise self._error

    def wait(self) -> None:
        """Waits until what was saved is on its way to disk.

        Raises:
          UserError: see `check`.
        """
        self._join()
        self.check()

    def restore(self, like: TrainState) -> tuple[TrainState, dict[str, Any]]:
        """The newest checkpoint that is intact; newer ones are set aside, with a warning.

        Args:
          like: a state of the same structure, shapes and placement; values are not read.

        Returns:
          The state and the batches' position.

        Raises:
          UserError: there is none.
        """
        restored = newest_intact(self._run, _arrays(like))
        warn(self._run, restored, set_aside=self._writes)
        # Placed as a fresh state is: the update is then the same program, and compiled already.
        arrays = jax.tree.map(_placed, restored.arrays, _arrays(like))
        arrays["key"] = jax.random.wrap_key_data(arrays["key"])
        return TrainState(**arrays), restored.manifest.position

    def close(self) -> None:
        """Waits for the thread; errors are those of `wait`, which comes before."""
        self._join()

    def _join(self) -> None:
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _write(
        self, step: int, arrays: Any, data_position: dict[str, Any], score: float | None
    ) -> None:
        whole = self._folder / str(step)
        part = whole.with_name(whole.name + SUFFIX)
        try:
            self._lock.check()
            self._folder.mkdir(exist_ok=True)
            remove(part)
            part.mkdir()
            write_checkpoint(part, arrays, data_position, score)
            self._lock.check()
            part.rename(whole)
            self._remove_others()
        except UserError as error:
            self._error = error
        except Exception as error:  # of orbax and tensorstore, too
            self._error = self._failure(whole, part, error)

    def _failure(self, whole: Path, part: Path, error: Exception) -> UserError:
        """What a write that failed is reported as; what it left is removed, where it is ours."""
        try:
            self._lock.check()
        except UserError as moved:
            return moved
        remove(part)
        return cannot_be_written(whole, error)

    def _scores(self) -> dict[int, float]:
        """Validation scores of the checkpoints that have one, by update."""
        scores = {}
        for step in steps(self._run):
            try:
                score = read_manifest(self._folder / str(step)).score
            except DamageError:
                continue  # an older one, which counts as one without a score
            if score is not None:
                scores[step] = score
        return scores

    def _remove_others(self) -> None:
        """Removes the checkpoints that are neither among the latest nor among the best."""
        present, scores = steps(self._run), self._scores()
        best = sorted(scores, key=lambda step: (scores[step], step))[: self._keep_best]
        for step in set(present[: -self._keep]) - set(best):
            # Renamed first: none is ever half there.
            left = self._folder / f"{step}{SUFFIX}"
            (self._folder / str(step)).rename(left)
            remove(left)


def trained_params(config: Config, folder: Path) -> tuple[Any, int]:
    """The parameters that a run has reached, and the number of updates behind them.

    Those of the newest intact checkpoint, whose optimiser may be of another version of this code;
    of a run whose checkpoints were removed, as of the model that comes with the project, those of
    its model, which then is the finished one. Warns of newer checkpoints that are damaged.

    Raises:
      UserError: there is neither, or it cannot be read.
    """
    try:
        none = not steps(folder)
    except OSError as error:
        raise UserError(f"--workdir: {error}") from error
    if none and (folder / MODEL_FILE).exists():
        try:
            return build.model_of_run(config, folder), build.num_steps(config)
        except (OSError, ValueError) as error:
            raise UserError(f"--workdir: {error}") from error
    restored = newest_intact(folder, {"params": _described_params(config)})
    warn(folder, restored, set_aside=False)
    return jax.tree.map(jnp.array, restored.arrays["params"]), restored.step


def _described_params(config: Config) -> Any:
    """Shapes and types of the parameters."""
    model, frames = build.make_model(config), jnp.zeros((1, 1, *build.frame_shape(config)))
    return jax.eval_shape(lambda: model.init(jax.random.key(0), frames)["params"])


def _arrays(state: TrainState) -> dict[str, Any]:
    """What a checkpoint holds of a state."""
    return {
        "step": state.step,
        "params": state.params,
        "opt_state": state.opt_state,
        "key": jax.random.key_data(state.key),
    }


def _placed(value: np.ndarray, like: jax.Array) -> jax.Array:
    return jax.device_put(value, like.sharding) if like.committed else jnp.array(value)
