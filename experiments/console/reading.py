"""Reading the files of runs and of results: damage is one error that names the file."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data.files import json_files
from data.files.reading import check_regular, named
from experiments.console.errors import UserError

_LARGEST = sys.float_info.max


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Reports any failure of its block as the user's, who gave the file.

    Args:
      path: the file that the block reads.
      what: it should be, as in `an evaluation`.

    Raises:
      UserError: there is no such file, it cannot be read, or it is not `what`; one that the block
        raises stays as it is.
    """
    try:
        check_regular(path)
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(str(named(error, path, what))) from error


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
      UserError: there is no such file, it cannot be read, or it is not a JSON file.
    """
    try:
        return json_files.read_json(path)
    except (OSError, ValueError) as error:
        raise UserError(str(error)) from error


def number(value: Any) -> int | float:
    """A finite number.

    Raises:
      ValueError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"expected a number, got {value!r}")
    if not abs(value) <= _LARGEST:
        raise ValueError(f"expected a finite number, got {value}")
    return value


def numbers(content: Any) -> dict[str, int | float | None]:
    """Finite numbers by name, or None for what could not be measured.

    Raises:
      ValueError: something else.
    """
    if not isinstance(content, Mapping):
        raise ValueError(f"expected numbers by name, got {content!r}")
    return {name: None if value is None else number(value) for name, value in content.items()}


def rows(content: Any) -> list[dict[str, Any]]:
    """Rows of results: fields by name, numbers of which are finite.

    Raises:
      ValueError: something else.
    """
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        raise ValueError("not a list of rows")
    for row in content:
        for value in row.values():
            if isinstance(value, int | float) and not isinstance(value, bool):
                number(value)
    return content
