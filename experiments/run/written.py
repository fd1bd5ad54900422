"""Writing a checkpoint's files."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import orbax.checkpoint as ocp

from experiments.console.errors import UserError
from experiments.run.manifest import STATE_FOLDER, Manifest, write_manifest
from experiments.run.stored import checkpointer, digests

_REASONS = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)
"""Of a failed write, as tensorstore's messages of several lines may name them."""


def write_checkpoint(
    folder: Path, arrays: Any, position: dict[str, Any], score: float | None
) -> None:
    """Writes a checkpoint; raises whatever orbax may.

    Args:
      folder: new and empty. If it is renamed meanwhile, or a folder above it, it is written to all
        the same, and nothing is made under its old name.
      arrays: a tree of NumPy arrays.
      position: in the training data, see `TrainingData.position`.
      score: on validation sequences; None where it was not scored.
    """
    with _held(folder) as place:
        write_arrays(place, arrays)
        write_manifest(place, Manifest(position, score, digests(arrays)))


def write_arrays(checkpoint: Path, arrays: Any) -> None:
    """Writes the arrays of a new checkpoint; raises whatever orbax may."""
    _ignore_late_reports()
    with closing(checkpointer()) as opened:
        opened.save((checkpoint / STATE_FOLDER).absolute(), args=ocp.args.PyTreeSave(arrays))


def cannot_be_written(checkpoint: Path, error: Exception) -> UserError:
    """What a write that failed is reported as, with the reason on a line."""
    if isinstance(error, OSError) and error.strerror:
        reason = error.strerror
    else:
        text = " ".join(str(error).split())
        reason = next((os.strerror(n) for n in _REASONS if os.strerror(n) in text), text[:200])
    return UserError(
        f"{checkpoint}: cannot be written ({reason}); earlier checkpoints are as they were, and "
        "the same command continues once it can be"
    )


@contextmanager
def _held(folder: Path) -> Iterator[Path]:
    """A name under which a folder stays itself, whatever is done to those above it meanwhile.

    Orbax makes the folders above its files, so by its own name a run that was renamed while a
    checkpoint is written would be made again. Where the system has no such name, it is its own.
    """
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        name = Path(f"/proc/self/fd/{file}")
        yield name if name.exists() else folder
    finally:
        os.close(file)


def _ignore_late_reports() -> None:
    """Keeps the threads of a write that failed from printing tracebacks.

    The first error closes an event loop of orbax, to which tensorstore reports the others.
    """
    shown = sys.unraisablehook

    def hook(report: Any) -> None:
        late = isinstance(report.exc_value, RuntimeError) and "loop is closed" in str(
            report.exc_value
        )
        if not late:
            shown(report)

    if getattr(shown, "__module__", None) != __name__:
        sys.unraisablehook = hook
