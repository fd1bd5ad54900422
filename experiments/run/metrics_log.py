"""`metrics.jsonl`: what a run has measured while it trained, one JSON object a line."""

import json
from pathlib import Path
from typing import Any

from data.atomic_file import write_atomically
from experiments.console.errors import UserError

METRICS_FILE = "metrics.jsonl"


class MetricsLog:
    """The log of one run; each line has its `step`.

    Attributes:
      earlier: the lines that were there already, as they were read.
    """

    def __init__(self, folder: Path, last_step: int):
        """Opens the log for what follows update `last_step`.

        Lines of later updates, which a killed run logged after its last checkpoint, are dropped; so
        are a line cut short by the kill and whatever else is no line of a log.

        Raises:
          UserError: it cannot be read or written.
        """
        self._path = folder / METRICS_FILE
        kept = _lines(self._path, last_step)
        self.earlier = [values for _, values in kept]
        try:
            if self._path.exists():
                write_atomically(self._path, "".join(f"{line}\n" for line, _ in kept))
            # Unbuffered: what cannot be written is not tried again when the file is closed.
            self._file = self._path.open("ab", buffering=0)
        except OSError as error:
            raise _unusable(self._path, error) from error

    def write(self, step: int, metrics: dict[str, Any]) -> None:
        """Appends a line; it is on its way to disk when this returns.

        Raises:
          UserError: it cannot be written.
        """
        line = (json.dumps({"step": step, **metrics}) + "\n").encode()
        try:
            while line:
                line = line[self._file.write(line) :]
        except OSError as error:
            raise _unusable(self._path, error) from error

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def logged(folder: Path, last_step: int) -> list[dict[str, Any]]:
    """What a run has logged up to an update, as `MetricsLog.earlier`; changes nothing.

    Raises:
      UserError: the log cannot be read.
    """
    return [values for _, values in _lines(folder / METRICS_FILE, last_step)]


def _lines(path: Path, last_step: int) -> list[tuple[str, dict[str, Any]]]:
    """Lines of a log up to an update, and what each says; none where there is no log."""
    try:
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    except OSError as error:
        raise _unusable(path, error) from error
    said = [(line, values) for line in lines if (values := _values(line)) is not None]
    return [(line, values) for line, values in said if values["step"] <= last_step]


def _unusable(path: Path, error: OSError) -> UserError:
    return UserError(f"{path}: cannot be written ({error.strerror})")


def _values(line: str) -> dict[str, Any] | None:
    """What a line says; None if it is no line of a log."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or type(values.get("step")) is not int:
        return None
    numbers = all(value is None or type(value) in (int, float) for value in values.values())
    return values if numbers else None
