"""Where bytes become a result, or the documented error that names their file.

    with reading(path, "a readable image"):
        image = ...

Decoders raise whatever damaged bytes lead them to, so that no list of exceptions is complete.
"""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_MAX_REASON = 200  # characters; some libraries quote all that they found
_KINDS = {
    stat.S_IFDIR: "folder",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Reports any failure of its block as an error that names the file.

    Args:
      path: the file that the block reads.
      what: it should be, as in `a readable image`.

    Raises:
      OSError: there is no such file, or the system cannot read it.
      ValueError: it is no regular file, such as a pipe, which is not opened, or not `what`.
    """
    check_regular(path)
    try:
        yield
    except Exception as error:
        if is_named(error, path):
            raise
        raise named(error, path, what) from error


def named(error: Exception, path: Path, what: str) -> OSError | ValueError:
    """The error to report for any, see `reading`; itself where it names the file already."""
    if is_named(error, path):
        assert isinstance(error, OSError | ValueError)
        return error
    if isinstance(error, OSError) and error.errno is not None:
        return OSError(f"{path}: cannot be read ({error.strerror})")
    return ValueError(f"{path}: not {what} ({reason(error)})")


def check_regular(path: Path) -> None:
    """Refuses what is no regular file, or a link to one; a pipe would be waited for.

    Raises:
      FileNotFoundError: there is nothing of this name.
      OSError: the system cannot tell.
      ValueError: it is something else; the message says what.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:  # ValueError: NUL
        raise FileNotFoundError(f"{path}: no such file") from error
    except OSError as error:
        raise OSError(f"{path}: cannot be read ({error.strerror})") from error
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise ValueError(f"{path}: a {kind}; expected a file")


def is_named(error: Exception, path: Path) -> bool:
    """Whether an error already says which file it is of."""
    return isinstance(error, OSError | ValueError) and str(error).startswith(f"{path}: ")


def reason(error: Exception) -> str:
    """What an error says, in one line that is not too long, after its name if that is not plain."""
    text = " ".join(str(error).split())
    if not text or not isinstance(error, OSError | ValueError):
        text = f"{type(error).__name__}: {text}".removesuffix(": ")
    return text[:_MAX_REASON]


class State(NamedTuple):
    """What changes when a file is written anew or replaced."""

    size: int
    modified: int  # nanoseconds
    number: int  # of the file in its file system


def state_of(path: Path) -> State:
    """A file's state.

    Raises:
      OSError: there is no such file.
    """
    found = path.stat()
    return State(found.st_size, found.st_mtime_ns, found.st_ino)


def check_unchanged(path: Path, state: State) -> None:
    """Refuses a file that is not as it was when it was opened first.

    Raises:
      OSError: there is no such file any more.
      ValueError: it was written meanwhile; the message names it.
    """
    if state_of(path) != state:
        raise ValueError(f"{path}: has changed while it was read")
