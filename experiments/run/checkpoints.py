"""Checkpoints: parameters, optimiser, step, key and data position, by orbax."""

from contextlib import closing
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import orbax.checkpoint as ocp

from experiments.configs.config import Config
from experiments.console.errors import UserError
from experiments.run import build
from experiments.run.folder import CHECKPOINT_FOLDER, latest_update
from vstm.inference.model_file import MODEL_FILE
from vstm.training.update import TrainState


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
            raise _missing(self._folder)
        target = {**_fields(like), "key": jax.random.key_data(like.key)}
        try:
            restored = self._manager.restore(
                step,
                args=ocp.args.Composite(
                    state=ocp.args.StandardRestore(target), data=ocp.args.JsonRestore()
                ),
            )
        except (OSError, ValueError, KeyError) as error:
            raise _unreadable(self._folder / str(step), error) from error
        arrays = dict(restored["state"])
        arrays["key"] = jax.random.wrap_key_data(arrays["key"])
        return TrainState(**arrays), restored["data"]

    def close(self) -> None:
        """Releases orbax's resources."""
        self._manager.close()


def trained_params(config: Config, folder: Path) -> tuple[Any, int]:
    """The parameters that a run has reached, and the number of updates behind them.

    Those of the latest checkpoint, whose optimiser may be of another version of this code; of a run
    whose checkpoints were removed, as of the model that comes with the project, those of its model,
    which then is the finished one.

    Raises:
      UserError: there is neither, or it cannot be read.
    """
    step = latest_update(folder)
    if step is None and (folder / MODEL_FILE).exists():
        try:
            return build.model_of_run(config, folder), build.num_steps(config)
        except (OSError, ValueError) as error:
            raise UserError(f"--workdir: {error}") from error
    path = (folder / CHECKPOINT_FOLDER).absolute()
    if step is None:
        raise _missing(path)
    like = {"params": _described_params(config)}
    options = ocp.CheckpointManagerOptions(read_only=True)
    handlers = {"state": ocp.PyTreeCheckpointHandler()}
    with closing(ocp.CheckpointManager(path, options=options, item_handlers=handlers)) as manager:
        restore = ocp.args.PyTreeRestore(
            like,
            restore_args=ocp.checkpoint_utils.construct_restore_args(like),
            partial_restore=True,
        )
        try:
            params = manager.restore(step, args=ocp.args.Composite(state=restore))["state"]
        except (OSError, ValueError, KeyError) as error:
            raise _unreadable(path / str(step), error) from error
    params = params["params"]
    if not all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(params)):
        others = ValueError("other parameters than the configuration's")  # left as described
        raise _unreadable(path / str(step), others)
    return params, step


def _described_params(config: Config) -> Any:
    """Shapes, types and placement of the parameters."""
    model, frames = build.make_model(config), jnp.zeros((1, 1, *build.frame_shape(config)))
    shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), frames)["params"])
    placement = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    return jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=placement), shapes
    )


def _missing(folder: Path) -> UserError:
    return UserError(f"{folder}: no checkpoint; train first")


def _unreadable(path: Path, error: Exception) -> UserError:
    reason = " ".join(str(error).split())[:200]
    return UserError(
        f"{path}: cannot be restored, as it is damaged or of another version of this code; nothing "
        f"was changed ({type(error).__name__}: {reason})"
    )


def _fields(state: TrainState) -> dict[str, Any]:
    return {"step": state.step, "params": state.params, "opt_state": state.opt_state}
