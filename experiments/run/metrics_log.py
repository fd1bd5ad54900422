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
        self.earlier: list[dict[str, Any]] = []
        try:
            if self._path.exists():
                kept = []
                for line in self._path.read_text(errors="replace").splitlines():
                    values = _values(line)
                    if values is not None and values["step"] <= last_step:
                        kept.append(line)
                        self.earlier.append(values)
                write_atomically(self._path, "".join(f"{line}\n" for line in kept))
            # Unbuffered: what cannot be written is not tried again when the file is closed.
            self._file = self._path.open("ab", buffering=0)
        except OSError as error:
            raise self._unwritable(error) from error

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
            raise self._unwritable(error) from error

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _unwritable(self, error: OSError) -> UserError:
        return UserError(f"{self._path}: cannot be written ({error.strerror})")


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
