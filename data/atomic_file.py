"""Files that are written whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

SUFFIX = ".part"


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A new file that takes the place of `path` once it is complete.

    A reader, or a kill, sees the earlier file or the whole new one. The temporary file lies beside
    it under a name of its own, so that several processes may write; where the block fails, it is
    removed and the earlier file stays. One that a kill leaves ends in `SUFFIX` and is in nobody's
    way.

    Args:
      path: the file; an existing one is replaced.

    Yields:
      The file, open for binary writing.

    Raises:
      OSError: it cannot be written.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}{SUFFIX}")
    try:
        with part.open("xb") as file:
            yield file
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_atomically(path: Path, content: str | bytes) -> None:
    """Writes a file by `replacing`; text as UTF-8."""
    with replacing(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)
