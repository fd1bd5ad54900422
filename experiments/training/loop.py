"""The training loop: compiled updates until the last one or a stop signal, with reports."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments.console.compilation import announce
from experiments.console.errors import UserError
from experiments.console.runtime import give_back_memory
from experiments.console.stop_signals import StopSignals
from experiments.run.checkpoints import Checkpoints
from experiments.run.lock import Lock
from experiments.run.stored import not_finite
from experiments.training.reporter import Reporter
from experiments.training.training_data import TrainingData
from vstm.compiler import compiler_options
from vstm.training.update import Metrics, TrainState, TrainStep

REFERENCES = ("constant_mean", "copy_last")  # baselines drawn beside the validation scores
BEST_BY = ("cross_entropy", "mean_squared_error")  # the first that the model has


@dataclass(frozen=True)
class Periods:
    """How often a run reports, in updates; each is also due at the last update.

    Attributes:
      log: training metrics are written.
      validate: validation sequences are scored.
      picture: a picture of predictions is drawn.
      checkpoint: the state is saved.
    """

    log: int
    validate: int
    picture: int
    checkpoint: int


@dataclass(frozen=True)
class Validation:
    """How the model is monitored during training.

    Attributes:
      score: scores of the model and of the baselines, by its parameters.
      draw: a picture of predictions, uint8 [rows, columns, 3], by its parameters.
    """

    score: Callable[[Any], Mapping[str, Any]]
    draw: Callable[[Any], np.ndarray]


def compile_update(
    train_step: TrainStep, state: TrainState, shape: tuple[int, ...], stop: StopSignals
) -> TrainStep:
    """The update, compiled for a run's batches before memory is needed for them.

    Args:
      train_step: the update.
      state: as it will be, for its shapes.
      shape: of a batch, [B, T, H, W, C].
      stop: signals, which may end the process meanwhile.
    """
    # Of leaves, since JAX fills the structure with descriptions, which no TrainState can hold.
    leaves, structure = jax.tree.flatten(state)
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
    train_step: TrainStep,
    state: TrainState,
    data: TrainingData,
    *,
    num_steps: int,
    schedule: optax.Schedule,
    periods: Periods,
    validation: Validation,
    reporter: Reporter,
    checkpoints: Checkpoints,
    stop: StopSignals,
    folder: Path,
    lock: Lock,
) -> TrainState:
    """Trains until the last update or a stop signal; logs, validates and saves.

    Args:
      train_step: the update, compiled.
      state: initial state.
      data: training batches.
      num_steps: updates of the whole run.
      schedule: learning rate by update, to be logged.
      periods: reporting periods.
      validation: scores and pictures.
      reporter: where all is reported.
      checkpoints: where the state is saved.
      stop: signals that end it early.
      folder: of the run, for messages.
      lock: on it.

    Returns:
      The last state, which is saved.

    Raises:
      UserError: loss or parameters are not finite, a sequence cannot be read, something cannot be
        written, or the folder is no longer the one that is locked.
    """
    step = int(state.step)
    metrics: Metrics = {}

    def due(every_steps: int) -> bool:
        return step % every_steps == 0 or step == num_steps

    def diverged(what: str) -> UserError:
        saved = checkpoints.latest_step
        return UserError(
            f"{folder}: diverged: {what} at update {step}; "
            + (f"the last checkpoint is of update {saved}" if saved else "no checkpoint is saved")
            + ". Lower config.optimizer.learning_rate or config.optimizer.clip_global_norm, in "
            "another --workdir"
        )

    def finite_metrics() -> dict[str, float]:
        values = {name: float(value) for name, value in metrics.items()}
        loss, norm = values["loss"], values["gradient_norm"]
        if not math.isfinite(loss) or not math.isfinite(norm):
            raise diverged(f"the loss is {loss}, its gradient's norm {norm}")
        return values

    def check_finite() -> None:
        finite_metrics()  # of the parameters before the update
        wrong = not_finite({"parameters": state.params, "optimiser": state.opt_state})
        if wrong:
            raise diverged(f"{wrong[0]} is not finite")

    def save(score: float | None = None) -> None:
        check_finite()
        checkpoints.save(state, data.position(), score)

    while step < num_steps and stop.received is None:
        previous = metrics
        state, metrics = train_step(state, jnp.asarray(next(data)))
        jax.block_until_ready(previous)  # stay one update ahead of the device, not more
        step += 1
        lock.check()
        checkpoints.check()
        reporter.advance()
        if due(periods.log):
            values = finite_metrics()
            reporter.show(loss=values["loss"])
            rate = {"learning_rate": float(schedule(step - 1))}
            reporter.scalars(step, "train", values | rate, smoothed=values)
            reporter.speed(step)
        if not any(map(due, (periods.validate, periods.picture, periods.checkpoint))):
            continue
        jax.block_until_ready(metrics)
        with reporter.pause():
            check_finite()
            score = None
            if due(periods.validate):
                scores = validation.score(state.params)
                lock.check()  # again, as that takes a while, and files are opened by their names
                reporter.scalars(step, "validation", scores["model"])
                references = {name: scores[name] for name in REFERENCES}
                reporter.references(step, "validation", references)
                score = next(s for s in map(scores["model"].get, BEST_BY) if s is not None)
            if due(periods.picture):
                reporter.picture(step, "validation", validation.draw(state.params))
            if due(periods.checkpoint) or checkpoints.is_among_the_best(score):
                save(score)
    if metrics:
        save()
        checkpoints.wait()
    return state
