"""JSON files."""

import json
from pathlib import Path
from typing import Any, NoReturn

from data.files.reading import reading


def parse_json(path: Path) -> Any:
    """The content of a JSON file, of which NaN and infinities are no part.

    Raises:
      Exception: whatever it is damaged by, see `data.files.reading`.
    """
    return json.loads(path.read_bytes(), parse_constant=_refuse)


def read_json(path: Path) -> Any:
    """As `parse_json`, where nothing else is expected of the file.

    Raises:
      OSError: there is no such file, or it cannot be read.
      ValueError: it is not a JSON file; the message names it.
    """
    with reading(path, "a JSON file"):
        return parse_json(path)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")
