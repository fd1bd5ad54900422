"""Checkpoints on disk: which there are, which are intact, their arrays; by orbax."""

import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp

from experiments.console.errors import UserError
from experiments.run.manifest import STATE_FOLDER, DamageError, Manifest, digest, verified

CHECKPOINT_FOLDER = "checkpoints"
_SET_ASIDE = ".damaged"


@dataclass(frozen=True)
class Restored:
    """A checkpoint that is intact.

    Attributes:
      step: its update.
      arrays: NumPy arrays, in the structure that was asked for.
      manifest: what it says of itself.
      damaged: the newer ones, which are not, and what is wrong with them; the newest first.
    """

    step: int
    arrays: Any
    manifest: Manifest
    damaged: dict[int, DamageError]


def steps(folder: Path) -> list[int]:
    """Updates of the checkpoints of a run's folder, intact or not, in their order.

    Raises:
      OSError: the folder cannot be read.
    """
    checkpoints = folder / CHECKPOINT_FOLDER
    if not checkpoints.exists():
        return []
    return sorted(int(path.name) for path in checkpoints.iterdir() if path.name.isdecimal())


def latest_update(folder: Path) -> int | None:
    """Update of a run's newest intact checkpoint; None where there is no checkpoint at all.

    Raises:
      OSError: the folder cannot be read.
      UserError: there are some, and none is intact.
    """
    found = _newest(folder, lambda checkpoint, manifest: None)
    return None if found is None else found.step


def newest_intact(folder: Path, like: Any) -> Restored:
    """A run's newest checkpoint that is intact; changes nothing.

    Args:
      folder: the run's folder.
      like: arrays, or descriptions of arrays, that are to be read, in a checkpoint's structure or
        a part of it; values are not read.

    Raises:
      UserError: there is none.
    """
    try:
        found = _newest(folder, lambda checkpoint, manifest: _arrays(checkpoint, manifest, like))
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror})") from error
    if found is None:
        raise UserError(f"{(folder / CHECKPOINT_FOLDER).absolute()}: no checkpoint; train first")
    return found


def warn(folder: Path, restored: Restored, *, set_aside: bool) -> None:
    """Says which newer checkpoints are damaged.

    Args:
      folder: the run's folder.
      restored: the one that is used in their place.
      set_aside: whether they are renamed, which needs the folder's lock.

    Raises:
      UserError: they cannot be renamed.
    """
    for step, error in restored.damaged.items():
        path, done = folder / CHECKPOINT_FOLDER / str(step), ""
        if set_aside:
            aside = next(
                name
                for name in (path.with_name(f"{step}{_SET_ASIDE}{n or ''}") for n in range(10**6))
                if not name.exists()
            )
            try:
                path.rename(aside)
            except OSError as reason:
                raise UserError(f"{path}: cannot be set aside ({reason.strerror})") from reason
            done = f", set aside as {aside.name}"
        print(
            f"warning: {path}: damaged ({error}){done}; that of update {restored.step} is used",
            file=sys.stderr,
            flush=True,
        )


def checkpointer() -> ocp.Checkpointer:
    """Of this process alone: the others of a run have the same state, and don't take part."""
    own = jax.process_index()
    options = ocp.options.MultiprocessingOptions(
        primary_host=own,
        active_processes={own} if jax.process_count() > 1 else None,
        barrier_sync_key_prefix=f"process{own}" if jax.process_count() > 1 else None,
    )
    handler = ocp.PyTreeCheckpointHandler(multiprocessing_options=options)
    return ocp.Checkpointer(handler, multiprocessing_options=options)


def remove(path: Path) -> None:
    """Removes a folder that is no checkpoint, as far as possible."""
    shutil.rmtree(path, ignore_errors=True)


def digests(arrays: Any) -> dict[str, str]:
    """SHA-256 of each NumPy array of a tree, by its name."""
    return {name: digest(array) for name, array in named(arrays).items()}


def not_finite(arrays: Any) -> list[str]:
    """Names of those arrays of a tree that hold infinity or NaN."""
    return [
        name
        for name, array in named(arrays).items()
        if jax.numpy.issubdtype(array.dtype, jax.numpy.inexact)
        and not np.isfinite(np.asarray(array)).all()
    ]


def named(tree: Any) -> dict[str, Any]:
    """The arrays of a tree, by their paths in it."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="/"): leaf for path, leaf in leaves}


def _newest(folder: Path, read: Callable[[Path, Manifest], Any]) -> Restored | None:
    damaged: dict[int, DamageError] = {}
    for step in reversed(steps(folder)):
        checkpoint = folder / CHECKPOINT_FOLDER / str(step)
        try:
            manifest = verified(checkpoint)
            return Restored(step, read(checkpoint, manifest), manifest, damaged)
        except DamageError as error:
            damaged[step] = error
    if damaged:
        step, reason = next(iter(damaged.items()))
        others = ", nor can any other checkpoint" if len(damaged) > 1 else ""
        raise UserError(
            f"{folder / CHECKPOINT_FOLDER / str(step)}: cannot be restored{others}; nothing was "
            f"changed ({reason}). Choose another --workdir"
        )
    return None


def _arrays(checkpoint: Path, manifest: Manifest, like: Any) -> Any:
    """The arrays of a checkpoint, checked.

    Raises:
      DamageError: they cannot be read, are not finite, or are others than expected or written.
    """
    described = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), like)
    as_numpy = jax.tree.map(lambda leaf: ocp.RestoreArgs(restore_type=np.ndarray), described)
    arguments = ocp.args.PyTreeRestore(described, restore_args=as_numpy, partial_restore=True)
    try:
        with closing(checkpointer()) as opened:
            arrays = opened.restore((checkpoint / STATE_FOLDER).absolute(), args=arguments)
    except Exception as error:  # orbax and tensorstore have many
        reason = " ".join(str(error).split())[:200]
        raise DamageError(
            f"damaged or of another version: {type(error).__name__}: {reason}"
        ) from error
    expected = named(described)
    for name, array in named(arrays).items():
        if not isinstance(array, np.ndarray):  # left as described
            raise DamageError(f"lacks {name}; of another configuration or version")
        if (array.shape, array.dtype) != (expected[name].shape, expected[name].dtype):
            raise DamageError(
                f"{name} is {array.dtype}{list(array.shape)}; expected "
                f"{expected[name].dtype}{list(expected[name].shape)}"
            )
        if manifest.arrays and manifest.arrays.get(name) != digest(array):
            raise DamageError(f"{name}: not the array that was saved")
    wrong = not_finite(arrays)
    if wrong:
        raise DamageError(f"{', '.join(wrong[:3])}: not finite")
    return arrays
