"""A folder that appears when everything that belongs in it is written."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from experiments.console.errors import UserError


def check_new_folder(output: Path) -> Path:
    """Refuses what `new_folder` cannot make; returns the path that a link leads to.

    Raises:
      UserError: it is neither new nor an empty folder, or cannot be replaced.
    """
    output = output.resolve()
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UserError(f"{output}: expected a new or empty folder; choose another --output")
    if output.is_mount():
        raise UserError(f"{output}: a mount point, which cannot be replaced; name a folder in it")
    return output


@contextmanager
def new_folder(output: Path) -> Iterator[Path]:
    """A folder to write into, which takes the name `output` at the end.

    Until then it has a name of its own beside it, `output.part-` and random letters, so that
    several processes may write the same one. After an error it is removed, and nothing else is.

    Args:
      output: new, or an empty folder, or a link to one.

    Yields:
      The folder under its first name.

    Raises:
      UserError: at the beginning, where `output` cannot be made; at the end, where another process
        has filled it meanwhile: then the folder is kept, and the message says where.
    """
    output = check_new_folder(output)
    # No parent is made before the end; an existing one is in the same file system.
    place = next(parent for parent in output.parents if parent.exists())
    try:
        holder = Path(tempfile.mkdtemp(prefix=f"{output.name}.part-", dir=place))
    except OSError as error:
        raise UserError(f"{output}: cannot be made ({error.strerror})") from error
    folder, complete = holder / output.name, False
    try:
        folder.mkdir()  # with the permissions of any folder, unlike the temporary one around it
        yield folder
        complete = True
        output.parent.mkdir(parents=True, exist_ok=True)
        os.rename(folder, output)  # replaces an empty folder
    except OSError as error:
        if complete:
            raise UserError(
                f"{output}: cannot be made ({error.strerror}); all is written in {folder}"
            ) from error
        if error.errno and error.filename is None:  # a write, which does not say where
            raise OSError(f"{output}: cannot be written ({error.strerror})") from error
        raise
    finally:
        if not complete or not folder.exists():
            shutil.rmtree(holder)
