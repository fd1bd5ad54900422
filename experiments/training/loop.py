"""The training loop: compiled updates until the end or a signal, with reports on the way."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from data.sources import Source
from experiments.configs.config import Config, to_json
from experiments.configs.fields import flatten
from experiments.console.compilation import announce
from experiments.console.errors import UserError
from experiments.console.runtime import give_back_memory
from experiments.console.stop_signals import StopSignals
from experiments.measure.evaluation import Predict, evaluate, samples
from experiments.run import build
from experiments.run.checkpoints import Checkpoints
from experiments.training.reporter import Reporter
from experiments.training.training_data import TrainingData
from vstm.compiler import compiler_options
from vstm.training.update import Metrics, TrainState, TrainStep

REFERENCES = ("constant_mean", "copy_last")  # baselines drawn beside the validation scores
# Of the fields, TensorBoard's table shows the first five until others are chosen.
FIRST_FIELDS = (
    "variant",
    "loss",
    "optimizer.name",
    "optimizer.learning_rate",
    "train.num_sequences",
)
TABULATED = ("train/loss", "validation/cross_entropy", "validation/mean_squared_error")


def compile_update(
    config: Config, train_step: TrainStep, state: TrainState, stop: StopSignals
) -> TrainStep:
    """The update, compiled for the run's batches before memory is needed for them."""
    # Of leaves, since JAX fills the structure with descriptions, which no TrainState can hold.
    leaves, structure = jax.tree.flatten(state)
    shape = config.train.batch_size, config.data.sequence_length, *build.frame_shape(config)
    update = jax.jit(
        lambda leaves, frames: train_step(jax.tree.unflatten(structure, leaves), frames),
        donate_argnums=0,
        compiler_options=compiler_options(),
    )
    announce("the update")
    with stop.ending_at_once():  # all is saved, or nothing done yet
        compiled = update.lower(leaves, jax.ShapeDtypeStruct(shape, jnp.float32)).compile()
    give_back_memory()
    return lambda state, frames: compiled(jax.tree.leaves(state), frames)


def train(
    config: Config,
    folder: Path,
    train_step: TrainStep,
    state: TrainState,
    data: TrainingData,
    checkpoints: Checkpoints,
    predict: Callable[[Any], Predict],
    validation: Source,
    constant: float,
    stop: StopSignals,
) -> TrainState:
    """Updates until the end or a signal; logs, validates and saves on the way.

    Args:
      config: resolved configuration.
      folder: of the run.
      train_step: the update, compiled.
      state: to go on from.
      data: training batches.
      checkpoints: where the state is saved.
      predict: see `make_predict`.
      validation: sequences to be validated on.
      constant: intensity that the constant baseline predicts.
      stop: signals that end it early.

    Returns:
      The last state, which is saved.

    Raises:
      UserError: the loss is not finite, or a sequence cannot be read.
    """
    num_steps, batch_size = build.num_steps(config), config.train.batch_size
    schedule = build.make_schedule(config)
    step = int(state.step)
    metrics: Metrics = {}

    def due(every_steps: int) -> bool:
        return step % every_steps == 0 or step == num_steps

    def finite_metrics() -> dict[str, float]:
        values = {name: float(value) for name, value in metrics.items()}
        if not math.isfinite(values["loss"]) or not math.isfinite(values["gradient_norm"]):
            raise UserError(
                f"{folder}: the loss is {values['loss']}, its gradient's norm "
                f"{values['gradient_norm']} at update {step}; the last checkpoint is of update "
                f"{checkpoints.latest_step}. Lower config.optimizer.learning_rate or "
                "config.optimizer.clip_global_norm, in another --workdir"
            )
        return values

    def save() -> None:
        finite_metrics()
        checkpoints.save(state, data.position())

    with Reporter(folder, step, num_steps, batch_size) as reporter:
        reporter.text("config", to_json(config))
        fields = flatten(config)
        fields = {name: fields[name] for name in (*FIRST_FIELDS, *fields)}
        reporter.hyperparameters(fields, TABULATED)
        while step < num_steps and stop.received is None:
            previous = metrics
            state, metrics = train_step(state, jnp.asarray(next(data)))
            jax.block_until_ready(previous)  # stay one update ahead of the device, not more
            step += 1
            reporter.advance()
            if due(config.train.log_every_steps):
                values = finite_metrics()
                reporter.show(loss=values["loss"])
                rate = {"learning_rate": float(schedule(step - 1))}
                reporter.scalars(step, "train", values | rate, smoothed=values)
                reporter.speed(step)
            if not any(map(due, _interruptions(config))):
                continue
            jax.block_until_ready(metrics)
            with reporter.pause():
                if due(config.train.validate_every_steps):
                    scores = evaluate(
                        predict(state.params),
                        validation,
                        tau=config.tau,
                        batch_size=config.evaluation.batch_size,
                        num_sequences=config.evaluation.num_while_training,
                        constant=constant,
                        description="validating",
                    )
                    reporter.scalars(step, "validation", scores["model"])
                    references = {name: scores[name] for name in REFERENCES}
                    reporter.references(step, "validation", references)
                if due(config.train.image_every_steps):
                    picture = samples(
                        predict(state.params),
                        validation,
                        tau=config.tau,
                        batch_size=config.evaluation.batch_size,
                    )
                    reporter.picture(step, "validation", picture)
                if due(config.train.checkpoint_every_steps):
                    save()
        if metrics:
            save()
    return state


def _interruptions(config: Config) -> tuple[int, int, int]:
    train = config.train
    return train.validate_every_steps, train.image_every_steps, train.checkpoint_every_steps
