"""Hands the parts of training their parts of the configuration."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import optax

from data.sources import Source
from experiments.configs.config import Config, to_json
from experiments.configs.fields import flatten
from experiments.console import hosts
from experiments.console.stop_signals import StopSignals
from experiments.measure.evaluation import Predict, evaluate, samples
from experiments.run import build
from experiments.run.checkpoints import Checkpoints
from experiments.run.lock import Lock
from experiments.training.loop import Periods, Validation, compile_updates, train
from experiments.training.reporter import Reporter
from experiments.training.skipped import SkippedUpdates
from experiments.training.training_data import TrainingData
from vstm.training.repeated import repeated
from vstm.training.sharding import Devices
from vstm.training.update import TrainState


def make_validation(
    config: Config, predict: Callable[[Any], Predict], source: Source, constant: float
) -> Validation:
    """Scores and pictures of validation sequences, by the model's parameters."""
    common = {"tau": config.tau, "batch_size": config.evaluation.batch_size}
    return Validation(
        score=lambda params: evaluate(
            predict(params),
            source,
            **common,
            num_sequences=config.evaluation.num_while_training,
            constant=constant,
            description="validating",
        ),
        draw=lambda params: samples(predict(params), source, **common),
    )


def open_checkpoints(config: Config, folder: Path, lock: Lock) -> Checkpoints:
    """Those of a run's folder, which the first of its processes writes."""
    return Checkpoints(
        folder,
        lock,
        keep=config.train.keep_checkpoints,
        keep_best=config.train.keep_best_checkpoints,
        writes=hosts.is_first(),
    )


def run_loop(
    config: Config,
    folder: Path,
    lock: Lock,
    devices: Devices,
    state: TrainState,
    tx: optax.GradientTransformation,
    data: TrainingData,
    validation: Validation,
    skipped: SkippedUpdates,
    checkpoints: Checkpoints,
    stop: StopSignals,
) -> TrainState:
    """Compiles the updates and trains, see `experiments.training.loop.train`."""
    num_steps, batch_size = build.num_steps(config), config.train.batch_size
    updates_per_call = config.train.updates_per_call
    of_a_call = updates_per_call, batch_size
    material = devices.replicate(data.material)
    train_step = build.train_step(config, tx, devices)
    updates = compile_updates(
        devices.over(repeated(train_step, config.train.max_skipped, data.make_frames)),
        state,
        jax.tree.map(lambda one: devices.describe((*of_a_call, *one.shape), one.dtype), data.item),
        material,
        stop,
    )
    lock.check()
    with Reporter(folder, int(state.step), num_steps, batch_size) as reporter:
        reporter.configuration(to_json(config), flatten(config))
        return train(
            updates,
            state,
            data,
            material,
            devices,
            num_steps=num_steps,
            updates_per_call=updates_per_call,
            schedule=build.make_schedule(config, data.num_sequences),
            periods=Periods(
                log=config.train.log_every_steps,
                validate=config.train.validate_every_steps,
                picture=config.train.image_every_steps,
                checkpoint=config.train.checkpoint_every_steps,
            ),
            validation=validation,
            reporter=reporter,
            skipped=skipped,
            checkpoints=checkpoints,
            stop=stop,
            folder=folder,
            lock=lock,
        )
