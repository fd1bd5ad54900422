"""The lock of a run's folder: one process at a time trains or evaluates in it.

Several may score it by other measures at once, while none trains.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from experiments.console.errors import UserError

LOCK_FILE = "lock"


class Lock:
    """A folder's lock, held by this process."""

    def __init__(self, folder: Path, file: TextIO):
        """Names the folder and its open, locked file; see `locked`."""
        self._folder = folder
        status = os.fstat(file.fileno())
        self._identity = status.st_dev, status.st_ino

    def check(self) -> None:
        """Makes sure that the folder of this name is the one that is locked; takes microseconds.

        Raises:
          UserError: it was renamed, removed or replaced meanwhile.
        """
        try:
            status = os.stat(self._folder / LOCK_FILE)
        except OSError:
            status = None
        if status is None or (status.st_dev, status.st_ino) != self._identity:
            raise UserError(
                f"{self._folder}: no longer the folder that this process has locked; it was "
                "renamed, removed or replaced, or its file `lock` was. Stopped; what was saved is "
                "where that folder is now, and the same command with its --workdir continues"
            )


@contextmanager
def locked(folder: Path, *, shared: bool = False) -> Iterator[Lock]:
    """Keeps other processes from training or evaluating in a run's folder.

    The lock ends with the process.

    Args:
      folder: of the run.
      shared: with others that share it, as scores of other kinds do, each in a file of its own.

    Raises:
      UserError: another process has it, or the folder cannot be written.
    """
    try:
        file = (folder / LOCK_FILE).open("a+")  # readable, too, as a shared lock needs it on NFS
    except (OSError, ValueError) as error:
        raise unusable(folder, error) from error
    with file:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"{folder}: another process is training or evaluating in this folder"
            ) from error
        except OSError as error:
            raise unusable(folder, error) from error
        yield Lock(folder, file)


def unusable(folder: Path, error: OSError | ValueError) -> UserError:
    """The error of a folder that cannot be read or written."""
    reason = error.strerror if isinstance(error, OSError) else error
    return UserError(f"{folder}: cannot be used as workdir ({reason})")
