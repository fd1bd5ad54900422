"""Atomic writes: a file is written whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SUFFIX = ".part"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file that replaces `path` once it is complete.

    Readers see the old file or the complete new one, also after a kill. The temporary file is
    beside it under a random name, so several processes may write at once. If the block fails, it is
    removed and the old file stays. One that a kill leaves behind ends in `SUFFIX` and is harmless.

    Args:
      path: the file; an existing one is replaced.

    Yields:
      The temporary path, to be written by the block.

    Raises:
      OSError: it cannot be written.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}{SUFFIX}")
    try:
        yield part
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_atomically(path: Path, content: str | bytes) -> None:
    """Writes a file through `replacing`; text as UTF-8."""
    with replacing(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
