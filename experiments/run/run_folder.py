"""A run's folder: created or continued, never overwritten.

config.json              the resolved configuration
metrics.jsonl            one line a logged update or validation
checkpoints/             see experiments.run.checkpoints
model.npz                the model, see vstm.model_file; written when training ends or is stopped
events.out.tfevents.*    TensorBoard; the curves beside in smoothed/, copy_last/, constant_mean/
eval_<split>.json        final evaluations
samples_<split>.png      predictions of the first sequences
lock                     held by the process that trains
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from experiments.run import config as configuration
from experiments.run.config import Config
from experiments.run.errors import UserError

CONFIG_FILE = "config.json"
METRICS_FILE = "metrics.jsonl"
LOCK_FILE = "lock"
CHECKPOINT_FOLDER = "checkpoints"


def write_atomically(path: Path, content: str | bytes) -> None:
    """Writes a file so that a reader, or a kill, sees all of it or nothing of it."""
    part = _part(path)
    part.write_bytes(content.encode() if isinstance(content, str) else content)
    os.replace(part, path)


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def open_run_folder(workdir: str | Path, config: Config) -> Path:
    """Creates the folder of a run, or enters that of the same run.

    Args:
      workdir: the folder.
      config: the run's resolved configuration.

    Returns:
      The folder.

    Raises:
      UserError: it belongs to a run of another configuration, holds other files, or cannot be
        written; nothing in it is changed.
    """
    folder = Path(workdir)
    config_file = folder / CONFIG_FILE
    part = _part(config_file)  # all that a run killed at its very start leaves
    try:
        if config_file.exists():
            differences = configuration.differences(config, configuration.read_json(config_file))
            if differences:
                raise UserError(
                    f"{folder}: holds a run of another configuration (asked / there): "
                    f"{'; '.join(differences)}. Choose another --workdir"
                )
        elif folder.exists() and any(path.name != part.name for path in folder.iterdir()):
            raise UserError(
                f"{folder}: not empty and without {CONFIG_FILE}, so not a run's folder. "
                "Choose another --workdir"
            )
        folder.mkdir(parents=True, exist_ok=True)
        if not config_file.exists():
            write_atomically(config_file, configuration.to_json(config))
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise UserError(f"{folder}: cannot be used as workdir ({error.strerror})") from error
    return folder


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps other processes from training in a run's folder; the lock ends with the process.

    Raises:
      UserError: another process has it.
    """
    with (folder / LOCK_FILE).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(f"{folder}: another process is training in this folder") from error
        yield


def write_file(path: Path, text: str) -> None:
    """Writes a program's result, all of it or nothing.

    Raises:
      UserError: it cannot be written.
    """
    try:
        write_atomically(path, text)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error})") from error


def evaluation_file(folder: Path, split: str) -> Path:
    """Where the evaluation of a split is written."""
    return folder / f"eval_{split}.json"


def evaluated_runs(runs: Path, split: str) -> list[Path]:
    """Folders below one whose run is evaluated on a split, in the order of their names.

    Raises:
      UserError: there is none.
    """
    folders = sorted(path.parent for path in runs.glob(f"*/{evaluation_file(Path(), split)}"))
    if not folders:
        raise UserError(f"{runs}: no run with an evaluation of {split}")
    return folders


class MetricsLog:
    """`metrics.jsonl`: one JSON object a line, each with its `step`."""

    def __init__(self, folder: Path, last_step: int):
        """Opens the log for what follows update `last_step`.

        Lines of later updates, which a killed run logged after its last checkpoint, and a line cut
        short by the kill are dropped.
        """
        path = folder / METRICS_FILE
        kept = []
        if path.exists():
            for line in path.read_text().splitlines():
                try:
                    if json.loads(line)["step"] <= last_step:
                        kept.append(line)
                except (json.JSONDecodeError, KeyError, TypeError):
                    continue
            write_atomically(path, "".join(f"{line}\n" for line in kept))
        self._file = path.open("a")

    def write(self, step: int, metrics: dict[str, Any]) -> None:
        """Appends a line; it is on its way to disk when this returns."""
        self._file.write(json.dumps({"step": step, **metrics}) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
