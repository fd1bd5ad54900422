"""The training loop: compiled updates until the last one or a stop signal, with reports."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments.console import hosts
from experiments.console.compilation import announce
from experiments.console.runtime import give_back_memory
from experiments.console.stop_signals import StopSignals
from experiments.run.checkpoints import Checkpoints
from experiments.run.lock import Lock
from experiments.training.reporter import Reporter
from experiments.training.skipped import SkippedUpdates
from experiments.training.training_data import TrainingData
from vstm.compiler import compiler_options
from vstm.training.repeated import Updates
from vstm.training.sharding import Devices, on_this_host
from vstm.training.update import Metrics, TrainState

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


@dataclass(frozen=True)
class _Call:
    """Updates that the device is making, or has made.

    Attributes:
      first: number of the first one.
      batches: of each of n, as `TrainingData` gives them.
      metrics: of each, [N] with N >= n.
    """

    first: int
    batches: Sequence[Any]
    metrics: Metrics


def compile_updates(
    updates: Updates, state: TrainState, batches: Any, material: Any, stop: StopSignals
) -> Updates:
    """The updates, compiled for a run's batches before memory is needed for them.

    Args:
      updates: several in one call, see `vstm.training.repeated`.
      state: as it will be, for its shapes and placement.
      batches: shapes of a call's.
      material: of their frames, on the devices.
      stop: signals, which may end the process meanwhile.
    """
    # Of leaves, since JAX fills the structure with descriptions, which no TrainState can hold.
    leaves, structure = jax.tree.flatten(state)
    jitted = jax.jit(
        lambda leaves, *others: updates(jax.tree.unflatten(structure, leaves), *others),
        donate_argnums=0,
        compiler_options=compiler_options(),
    )
    count = jax.ShapeDtypeStruct((), jnp.int32, sharding=state.step.sharding)
    announce("the update")
    with stop.ending_at_once():  # all is saved, or nothing done yet
        compiled = jitted.lower(leaves, count, batches, count, material).compile()
    give_back_memory()
    return lambda state, *others: compiled(jax.tree.leaves(state), *others)


def train(
    updates: Updates,
    state: TrainState,
    data: TrainingData,
    material: Any,
    devices: Devices,
    *,
    num_steps: int,
    updates_per_call: int,
    schedule: optax.Schedule,
    periods: Periods,
    validation: Validation,
    reporter: Reporter,
    skipped: SkippedUpdates,
    checkpoints: Checkpoints,
    stop: StopSignals,
    folder: Path,
    lock: Lock,
) -> TrainState:
    """Trains until the last update or a stop signal; logs, validates and saves.

    Args:
      updates: several in one call, compiled.
      state: initial state.
      data: training batches.
      material: theirs, on the devices.
      devices: that share them.
      num_steps: updates of the whole run.
      updates_per_call: at most; fewer are made up to an update that is validated or saved.
      schedule: learning rate by update, to be logged.
      periods: reporting periods.
      validation: scores and pictures.
      reporter: where all is reported.
      skipped: where updates that were not finite are counted.
      checkpoints: where the state is saved.
      stop: signals that end it early.
      folder: where updates that were not finite are kept.
      lock: on it.

    Returns:
      The last state, which is saved.

    Raises:
      UserError: too many updates in a row were not finite, a sequence cannot be read, something
        cannot be written, or the folder is no longer the one that is locked.
    """
    first = step = int(state.step)
    in_a_row: Any = np.int32(skipped.in_a_row)
    pending: _Call | None = None
    paused = (periods.validate, periods.picture, periods.checkpoint)

    def due(step: int, every_steps: int) -> bool:
        return step % every_steps == 0 or step == num_steps

    def report(call: _Call) -> None:
        metrics = jax.device_get(call.metrics)  # waits for its updates
        lock.check()  # before each time that files may be opened by their names
        reporter.advance(len(call.batches))
        logged = None
        for index, batch in enumerate(call.batches):
            made = call.first + index
            values = {name: float(each[index]) for name, each in metrics.items()}
            skipped.note(made, values, reporter)
            if skipped.too_many:
                before = on_this_host(state)  # the row, but for its step
                left = checkpoints.describe_latest()
                frames = hosts.gathered(data.frames(batch))
                skipped.keep(made, values, frames, before, folder, left)
            del values["skipped"]
            if due(made, periods.log):
                logged = made
                reporter.show(loss=values["loss"])
                rate = {"learning_rate": float(schedule(made - 1))}
                finite = {n: v if math.isfinite(v) else None for n, v in values.items()}
                reporter.scalars(made, "train", finite | rate, smoothed=values)
        if logged is not None:
            reporter.speed(logged)

    while step < num_steps and not hosts.stopped(stop):
        until_pause = min(every - step % every for every in (*paused, num_steps))
        count = min(updates_per_call, until_pause)
        batches = [next(data) for _ in range(count)]
        unused = [jax.tree.map(np.zeros_like, batches[0])] * (updates_per_call - count)
        stacked = jax.tree.map(lambda *each: np.stack(each), *batches, *unused)
        split = devices.split(stacked)
        state, in_a_row, metrics = updates(state, in_a_row, split, np.int32(count), material)
        made, pending = pending, _Call(step + 1, batches, metrics)
        lock.check()
        if made is not None:  # stay one call ahead of the device, not more
            report(made)
        step += count
        checkpoints.check()
        if not any(due(step, every) for every in paused):
            continue
        report(pending)
        pending = None
        with reporter.pause():
            score = None
            if due(step, periods.validate):
                scores = validation.score(on_this_host(state.params))
                lock.check()
                reporter.scalars(step, "validation", scores["model"])
                references = {name: scores[name] for name in REFERENCES}
                reporter.references(step, "validation", references)
                score = next(s for s in map(scores["model"].get, BEST_BY) if s is not None)
            if due(step, periods.picture):
                picture = validation.draw(on_this_host(state.params))
                lock.check()
                reporter.picture(step, "validation", picture)
            if due(step, periods.checkpoint) or hosts.agreed(checkpoints.is_among_the_best(score)):
                checkpoints.save(on_this_host(state), data.position(), score)
    if pending is not None:
        report(pending)
    if step > first:  # a stop may come in a pause that saves nothing
        checkpoints.save(on_this_host(state), data.position())
    checkpoints.wait()
    return state
