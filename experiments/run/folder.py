"""A run's folder: created or continued, never overwritten.

config.json              the resolved configuration and its format, see experiments.configs.formats
environment.json         what trained it, see experiments.run.provenance
metrics.jsonl            one line a logged update or validation, see experiments.run.metrics_log
checkpoints/             see experiments.run.checkpoints; those set aside end in .damaged
model.npz                see vstm.inference.model_file; written when training ends or is stopped
events.out.tfevents.*    TensorBoard; the curves beside in smoothed/, copy_last/, constant_mean/
eval_<split>.json, ...   what was measured of the finished model, see experiments.run.results
lock                     held by the process that trains or evaluates, see experiments.run.lock
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.atomic_file import SUFFIX
from experiments.configs import config as configuration
from experiments.configs.config import Config
from experiments.console.errors import UserError
from experiments.run import build
from experiments.run.changes import changeable
from experiments.run.lock import LOCK_FILE, Lock, locked, unusable
from experiments.run.results import write_file
from experiments.run.stored import latest_update
from vstm.inference.model_file import MODEL_FILE

CONFIG_FILE = "config.json"


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
        asked for, holds other files, or cannot be read; or none of its checkpoints is intact.
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
        raise unusable(folder, error) from error
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
def entered(folder: Path, config: Config) -> Iterator[tuple[Config | None, Lock]]:
    """Creates the folder of a run, or enters that of the same run; other processes stay out.

    A new folder belongs to the run from `write_config` on.

    Args:
      folder: of the run.
      config: the run's resolved configuration.

    Yields:
      What `check_run_folder` returns, and the folder's lock.

    Raises:
      UserError: as `check_run_folder`, or the folder cannot be written, or another process has it;
        what is in it stays as it is.
    """
    check_run_folder(folder, config)  # before anything is made in it
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise unusable(folder, error) from error
    with locked(folder) as lock:
        yield check_run_folder(folder, config), lock


def write_config(folder: Path, config: Config) -> None:
    """Writes a run's resolved configuration into its folder.

    Raises:
      UserError: it cannot be written.
    """
    write_file(folder / CONFIG_FILE, configuration.to_json(config))


def _left_by_a_start(path: Path) -> bool:
    """Whether a run that was killed at its very start may have left it."""
    part = path.name.startswith(CONFIG_FILE) and path.name.endswith(SUFFIX)
    return part or path.name == LOCK_FILE
