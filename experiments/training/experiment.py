"""Trains and evaluates a video autoencoder.

The same command continues a run that was stopped, and reports one that is finished.
"""

import math
import signal
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import jax
import optax

from data.atomic_file import replacing
from experiments.configs.config import Config, differences, options_of, resolve
from experiments.console import hosts
from experiments.console.errors import UserError
from experiments.console.stop_signals import StopSignals
from experiments.measure.evaluation import (
    make_predict,
    mean_intensity,
)
from experiments.measure.final_evaluation import FinalEvaluation, table
from experiments.run import build
from experiments.run.changes import explain_changes
from experiments.run.folder import check_run_folder, entered, write_config
from experiments.run.lock import Lock
from experiments.run.provenance import record
from experiments.run.results import drop_results
from experiments.run.stored import latest_update
from experiments.training.initial_model import initial_params
from experiments.training.parts import make_validation, open_checkpoints, run_loop
from experiments.training.skipped import SkippedUpdates
from experiments.training.training_data import TrainingData
from vstm.inference.model_file import MODEL_FILE, save_model
from vstm.model import Autoencoder
from vstm.training.sharding import Devices, on_this_host
from vstm.training.update import TrainState, init_state

FINAL_SPLITS = ("validation", "test")


def train_and_evaluate(config: Config, workdir: str | Path) -> tuple[TrainState, int | None]:
    """Trains to the end, or on to it, and evaluates on validation and test sequences.

    Args:
      config: the experiment; see `experiments.configs.default`.
      workdir: the run's folder, see `experiments.run.folder`. Created if missing; a run of the
        same configuration in it is continued from its last checkpoint; some fields may be changed,
        see `experiments.run.changes`.

    Returns:
      The last state, and the number of the signal that stopped the run early, or None.

    Raises:
      UserError: invalid configuration, unusable folder, unreadable data, too many updates in a row
        that are not finite, a full disk, or a folder that is no longer the one that is locked;
        checkpoints written before stay as they are.
    """
    config = resolve(config)
    workdir, num_steps, devices = Path(workdir), build.num_steps(config), build.devices(config)
    check_run_folder(workdir, config)
    latest = latest_update(workdir)
    with hosts.writing_as_the_first(workdir) as folder:
        return _train_and_evaluate(config, workdir, folder, num_steps, latest, devices)


def _train_and_evaluate(
    config: Config,
    workdir: Path,
    folder: Path,
    num_steps: int,
    latest: int | None,
    devices: Devices,
) -> tuple[TrainState, int | None]:
    """`train_and_evaluate`, of a process that writes into `folder` what isn't a checkpoint."""
    # What is done needs neither its data nor its initial model, which may be gone.
    trained = latest == num_steps
    data = None if trained else TrainingData(config)
    num_train = config.data.num_train if data is None else data.num_sequences
    evaluation = FinalEvaluation.of_run(config, folder)
    sources = {
        split: build.source(config, split)
        for split in FINAL_SPLITS
        if not trained or evaluation.current(split, num_steps) is None
    }
    model, tx = build.make_model(config), build.make_tx(config, num_train)
    state = _initial_state(config, model, tx)
    if latest is None:
        state = replace(state, params=initial_params(config, state.params))
    predict = make_predict(model)

    with entered(folder, config) as (there, lock):
        if data is not None:
            evaluation.rehearse(predict(state.params), sources)
        constant = (
            mean_intensity(build.source(config, "train"), config.tau) if sources else math.nan
        )
        if there is None or differences(config, there):
            write_config(folder, config)
        with (
            closing(open_checkpoints(config, workdir, lock)) as checkpoints,
            StopSignals() as stop,
        ):
            state = devices.place(state)
            if checkpoints.latest_step is not None:
                state, position = checkpoints.restore(state)
                if int(state.step) < num_steps:
                    if data is None:  # one of an earlier version, which has no digests
                        raise UserError(
                            f"{folder}: the last checkpoint was damaged and is set aside; the same "
                            f"command continues after update {int(state.step)}"
                        )
                    data.go_to(position)
                reached = f"continues after update {int(state.step)} of {num_steps}"
                if trained:
                    reached = f"has made its {num_steps} updates"
                print(f"{folder}: {reached}", flush=True)
                if there is not None:
                    explain_changes(config, there, int(state.step), num_train)
            first = int(state.step)
            if data is not None and first < num_steps and not hosts.stopped(stop):
                drop_results(folder)
                record(folder, first, config.precision)
                validation = make_validation(config, predict, sources["validation"], constant)
                skipped = SkippedUpdates(workdir, first, config.train.max_skipped)
                state = run_loop(
                    config,
                    folder,
                    lock,
                    devices,
                    state,
                    tx,
                    data,
                    validation,
                    skipped,
                    checkpoints,
                    stop,
                )
            state = on_this_host(state)
            trained_now = int(state.step) > first
            if trained_now or (first and not (folder / MODEL_FILE).exists()):
                _write_model(config, folder, lock, state)
        if stop.received is not None:
            name = signal.Signals(stop.received).name
            saved = ", saved" if int(state.step) else ""
            print(
                f"{folder}: stopped by {name} after update {int(state.step)} of {num_steps}"
                f"{saved}; the same command continues"
            )
            return state, stop.received

        for split in FINAL_SPLITS if hosts.is_first() else ():
            result = evaluation.current(split, num_steps)
            if result is None:
                result = evaluation.evaluate_split(
                    predict(state.params), split, sources[split], num_steps, constant, lock
                )
            else:
                print(f"{folder}: evaluated on {split} already")
            print(table(result), flush=True)
    return state, None


def _initial_state(
    config: Config, model: Autoencoder, tx: optax.GradientTransformation
) -> TrainState:
    try:
        key = jax.random.key(config.seed)
        return init_state(model, tx, key, build.frame_shape(config))
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise UserError(
            f"config.model: its parameters do not fit into memory ({error})".splitlines()[0]
        ) from error


def _write_model(config: Config, folder: Path, lock: Lock, state: TrainState) -> None:
    path = folder / MODEL_FILE
    try:
        with replacing(path) as part, part.open("xb") as file:
            save_model(file, options_of(config, "model"), state.params)
            lock.check()
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error})") from error
