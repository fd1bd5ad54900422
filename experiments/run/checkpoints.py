"""Checkpoints: parameters, optimiser, step, key and data position, by orbax."""

from pathlib import Path
from typing import Any

import jax
import orbax.checkpoint as ocp

from experiments.run.errors import UserError
from experiments.run.run_folder import CHECKPOINT_FOLDER
from vstm.training import TrainState


class Checkpoints:
    """Checkpoints of one run, numbered by update.

    A checkpoint is written under a temporary name and renamed when it is whole, so a kill leaves
    the previous ones as they were.
    """

    def __init__(self, folder: Path, keep: int | None = None):
        """Opens the run's checkpoints.

        Args:
          folder: the run's folder.
          keep: how many of the latest are kept; None to read only.
        """
        self._folder = (folder / CHECKPOINT_FOLDER).absolute()
        # Synchronous: the next update donates, and so overwrites, the arrays being written.
        options = ocp.CheckpointManagerOptions(
            max_to_keep=keep,
            enable_async_checkpointing=False,
            create=keep is not None,
            read_only=keep is None,
        )
        self._manager = ocp.CheckpointManager(self._folder, options=options)

    @property
    def latest_step(self) -> int | None:
        """Update of the latest checkpoint; None where there is none."""
        return self._manager.latest_step()

    def save(self, state: TrainState, data_position: dict[str, Any]) -> None:
        """Writes the state and the batches' position, unless this update is saved already.

        Raises:
          UserError: they cannot be written; earlier checkpoints stay as they are.
        """
        step = int(state.step)
        if step != self.latest_step:
            arrays = {**_fields(state), "key": jax.random.key_data(state.key)}
            items = ocp.args.Composite(
                state=ocp.args.StandardSave(arrays), data=ocp.args.JsonSave(data_position)
            )
            try:
                self._manager.save(step, args=items, force=True)
            except (OSError, ValueError) as error:
                raise UserError(
                    f"{self._folder / str(step)}: cannot be written ({error})"
                ) from error

    def restore(self, like: TrainState) -> tuple[TrainState, dict[str, Any]]:
        """The latest checkpoint.

        Args:
          like: a state of the same structure, shapes and placement; values are not read.

        Returns:
          The state and the batches' position.

        Raises:
          UserError: there is none, or it cannot be read.
        """
        step = self.latest_step
        if step is None:
            raise UserError(f"{self._folder}: no checkpoint; train first")
        target = {**_fields(like), "key": jax.random.key_data(like.key)}
        try:
            restored = self._manager.restore(
                step,
                args=ocp.args.Composite(
                    state=ocp.args.StandardRestore(target), data=ocp.args.JsonRestore()
                ),
            )
        except (OSError, ValueError, KeyError) as error:
            reason = " ".join(str(error).split())[:200]
            raise UserError(
                f"{self._folder / str(step)}: cannot be restored, as it is damaged or of another "
                f"version of this code; nothing was changed ({type(error).__name__}: {reason})"
            ) from error
        arrays = dict(restored["state"])
        arrays["key"] = jax.random.wrap_key_data(arrays["key"])
        return TrainState(**arrays), restored["data"]

    def close(self) -> None:
        """Releases orbax's resources."""
        self._manager.close()


def _fields(state: TrainState) -> dict[str, Any]:
    return {"step": state.step, "params": state.params, "opt_state": state.opt_state}
