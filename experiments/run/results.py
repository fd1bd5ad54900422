"""Results in a run's folder: what was measured of the finished model, one file a measurement."""

import json
from pathlib import Path
from typing import Any

from data.atomic_file import write_atomically
from experiments.console.errors import UserError

RESULTS = {
    "eval": "json",  # final evaluations, by experiments.measure.final_evaluation
    "samples": "png",  # predictions of the first sequences, by the same
    "ahead": "json",  # by experiments.evaluate_ahead
    "flow": "json",  # by experiments.evaluate_flow
    "probe": "json",  # by experiments.probe
}
"""What is measured of a run, with the suffix of its file."""


def result_file(folder: Path, measured: str, split: str) -> Path:
    """Where a measurement is written: `<measured>_<split>.<suffix>`.

    Args:
      folder: of the run.
      measured: a key of `RESULTS`.
      split: of the sequences that it was measured on.
    """
    return folder / f"{measured}_{split}.{RESULTS[measured]}"


def result_text(path: Path, result: Any) -> str:
    """A result as JSON.

    Raises:
      UserError: a number of it is not finite.
    """
    try:
        return json.dumps(result, indent=2, allow_nan=False) + "\n"
    except ValueError as error:
        raise UserError(f"{path}: a score is not finite ({error})") from error


def write_file(path: Path, content: str | bytes) -> None:
    """Writes a program's result, all of it or nothing.

    Raises:
      UserError: it cannot be written.
    """
    try:
        write_atomically(path, content)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error})") from error


def make_folder(folder: Path) -> None:
    """Makes a folder for results, where there is none yet.

    Raises:
      UserError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror})") from error


def drop_results(folder: Path) -> None:
    """Removes what was measured of a run that is trained further, and says so.

    Raises:
      UserError: it cannot be removed.
    """
    paths = sorted(path for measured in RESULTS for path in folder.glob(_pattern(measured)))
    try:
        for path in paths:
            path.unlink()
    except OSError as error:
        raise UserError(f"{path}: cannot be removed ({error.strerror})") from error
    if paths:
        names = ", ".join(path.name for path in paths)
        print(f"{folder}: {names}, of an earlier update, removed", flush=True)


def _pattern(measured: str) -> str:
    return result_file(Path(), measured, "*").name
