"""A run's folder: created or continued, never overwritten.

config.json              the resolved configuration and its format, see experiments.configs.formats
environment.json         what trained it, see experiments.run.provenance
metrics.jsonl            one line a logged update or validation
checkpoints/             see experiments.run.checkpoints
model.npz                see vstm.inference.model_file; written when training ends or is stopped
events.out.tfevents.*    TensorBoard; the curves beside in smoothed/, copy_last/, constant_mean/
eval_<split>.json, ...   what was measured of the finished model, see experiments.run.results
lock                     held by the process that trains or evaluates
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data.atomic_file import SUFFIX, write_atomically
from experiments.configs import config as configuration
from experiments.configs.config import Config
from experiments.console.errors import UserError
from experiments.run import build
from experiments.run.changes import changeable
from experiments.run.results import write_file
from vstm.inference.model_file import MODEL_FILE

CONFIG_FILE = "config.json"
METRICS_FILE = "metrics.jsonl"
LOCK_FILE = "lock"
CHECKPOINT_FOLDER = "checkpoints"


def check_run_folder(folder: Path, config: Config) -> Config | None:
    """Refuses a folder that this run cannot be in; changes nothing.

    Args:
      folder: of the run; may be missing.
      config: the run's resolved configuration.

    Returns:
      The existing configuration, which differs in `changeable` fields at most; None where the
      run is new.

    Raises:
      UserError: it belongs to a run of another configuration, has trained more sequences than are
        asked for, holds other files, or cannot be read.
    """
    config_file = folder / CONFIG_FILE
    try:
        if not config_file.exists():
            if folder.exists() and not all(map(_left_by_a_start, folder.iterdir())):
                raise UserError(
                    f"{folder}: not empty and without {CONFIG_FILE}, so not a run's folder. "
                    "Choose another --workdir"
                )
            return None
        there = configuration.read_json(config_file)
        latest = latest_update(folder)
    except (OSError, ValueError) as error:
        raise _unusable(folder, error) from error
    differences = configuration.differences(config, there)
    fixed = {path: values for path, values in differences.items() if not changeable(path)}
    if fixed:
        fields = "; ".join(f"{path}: {values}" for path, values in fixed.items())
        raise UserError(
            f"{folder}: holds a run of another configuration (asked / there): {fields}. Choose "
            "another --workdir"
            + (
                f"; there, --config.train.initial_model={folder} begins with this run's model"
                if (folder / MODEL_FILE).exists()
                else ""
            )
        )
    if latest is None and (folder / MODEL_FILE).exists():
        raise UserError(
            f"{folder}: holds a trained model without checkpoints to train it further from. "
            f"Choose another --workdir; there, --config.train.initial_model={folder} begins with "
            "this run's model"
        )
    if latest is not None and build.num_steps(config) < latest:
        raise UserError(
            f"{folder}: has trained {latest * config.train.batch_size} sequences; expected at "
            f"least as many, got config.train.num_sequences={config.train.num_sequences}. Choose "
            "another --workdir for a shorter run"
        )
    return there


@contextmanager
def entered(folder: Path, config: Config) -> Iterator[Config | None]:
    """Creates the folder of a run, or enters that of the same run; other processes stay out.

    A new folder belongs to the run from `write_config` on.

    Args:
      folder: of the run.
      config: the run's resolved configuration.

    Yields:
      What `check_run_folder` returns.

    Raises:
      UserError: as `check_run_folder`, or the folder cannot be written, or another process has it;
        what is in it stays as it is.
    """
    check_run_folder(folder, config)  # before anything is made in it
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise _unusable(folder, error) from error
    with locked(folder):
        yield check_run_folder(folder, config)


def write_config(folder: Path, config: Config) -> None:
    """Writes a run's resolved configuration into its folder.

    Raises:
      UserError: it cannot be written.
    """
    write_file(folder / CONFIG_FILE, configuration.to_json(config))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps other processes from training or evaluating in a run's folder.

    The lock ends with the process.

    Raises:
      UserError: another process has it, or the folder cannot be written.
    """
    try:
        file = (folder / LOCK_FILE).open("w")
    except (OSError, ValueError) as error:
        raise _unusable(folder, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"{folder}: another process is training or evaluating in this folder"
            ) from error
        except OSError as error:
            raise _unusable(folder, error) from error
        yield


def latest_update(folder: Path) -> int | None:
    """Update of a run's latest checkpoint; None where there is none.

    Raises:
      OSError: the folder cannot be read.
    """
    checkpoints = folder / CHECKPOINT_FOLDER
    if not checkpoints.exists():
        return None
    names = [path.name for path in checkpoints.iterdir()]
    return max((int(name) for name in names if name.isdecimal()), default=None)


def _left_by_a_start(path: Path) -> bool:
    """Whether a run that was killed at its very start may have left it."""
    part = path.name.startswith(CONFIG_FILE) and path.name.endswith(SUFFIX)
    return part or path.name == LOCK_FILE


def _unusable(folder: Path, error: OSError | ValueError) -> UserError:
    reason = error.strerror if isinstance(error, OSError) else error
    return UserError(f"{folder}: cannot be used as workdir ({reason})")


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
