"""Trains and evaluates a video autoencoder.

The same command continues a run that was stopped, and reports one that is finished.
"""

import math
import signal
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import optax

from data.atomic_file import replacing
from experiments.measure.evaluation import Predict, evaluate, make_predict, samples
from experiments.measure.final_evaluation import (
    current_evaluation,
    evaluate_split,
    rehearse,
)
from experiments.measure.scores import mean_intensity, table
from experiments.run import build
from experiments.run.changes import explain_changes
from experiments.run.checkpoints import Checkpoints
from experiments.run.compilation import announce
from experiments.run.config import Config, differences, resolve, to_json
from experiments.run.errors import UserError
from experiments.run.fields import flatten
from experiments.run.provenance import record
from experiments.run.reporter import Reporter
from experiments.run.run_folder import check_run_folder, entered, latest_update, write_config
from experiments.run.runtime import give_back_memory
from experiments.run.stop_signals import StopSignals
from experiments.run.training_data import TrainingData
from vstm.autoencoder import Autoencoder
from vstm.compiler import compiler_options
from vstm.model_file import MODEL_FILE, save_model
from vstm.training import Metrics, TrainState, TrainStep, init_state, make_train_step

FINAL_SPLITS = ("validation", "test")
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


def train_and_evaluate(config: Config, workdir: str | Path) -> tuple[TrainState, int | None]:
    """Trains to the end, or on to it, and evaluates on validation and test sequences.

    Args:
      config: the experiment; see `experiments.configs.default`.
      workdir: the run's folder, see `experiments.run.run_folder`. Created if missing; a run of the
        same configuration in it is continued from its last checkpoint. Number of sequences,
        periods, checkpoints kept and `evaluation` may be changed, see `check_run_folder`.

    Returns:
      The last state, and the number of the signal that stopped the run early, or None.

    Raises:
      UserError: invalid configuration, unusable folder, unreadable data, or a loss that is not
        finite; checkpoints written before stay as they are.
    """
    config = resolve(config)
    folder, num_steps = Path(workdir), build.num_steps(config)
    check_run_folder(folder, config)
    latest = latest_update(folder)
    # What is done needs neither its data nor its initial model, which may be gone.
    trained = latest == num_steps
    data = None if trained else TrainingData(config)
    sources = {
        split: build.source(config, split)
        for split in FINAL_SPLITS
        if not trained or current_evaluation(config, folder, split, num_steps) is None
    }
    model, tx = build.make_model(config), build.make_tx(config)
    state = init_state(model, tx, jax.random.key(config.seed), build.frame_shape(config))
    if latest is None:
        state = replace(state, params=build.initial_params(config, state.params))
    predict = make_predict(model)

    with entered(folder, config) as there:
        if data is not None:
            rehearse(config, folder, predict, state.params, sources)
        if there is None or differences(config, there):
            write_config(folder, config)
        with (
            closing(Checkpoints(folder, config.train.keep_checkpoints)) as checkpoints,
            StopSignals() as stop,
        ):
            if checkpoints.latest_step is not None:
                state, position = checkpoints.restore(state)
                if data is not None and int(state.step) < num_steps:
                    data.go_to(position)
                print(
                    f"{folder}: continues after update {int(state.step)} of {num_steps}", flush=True
                )
                if there is not None:
                    explain_changes(config, there, int(state.step))
            if data is not None and int(state.step) < num_steps:
                record(folder, int(state.step))
                state = _train(
                    config,
                    folder,
                    _compile(config, _train_step(config, model, tx), state, stop),
                    state,
                    data,
                    checkpoints,
                    predict,
                    sources["validation"],
                    stop,
                )
            if int(state.step):
                _write_model(config, folder, state)
        if stop.received is not None:
            name = signal.Signals(stop.received).name
            saved = ", saved" if int(state.step) else ""
            print(
                f"{folder}: stopped by {name} after update {int(state.step)} of {num_steps}"
                f"{saved}; the same command continues"
            )
            return state, stop.received

        for split in FINAL_SPLITS:
            result = current_evaluation(config, folder, split, num_steps)
            if result is None:
                result = evaluate_split(
                    config, folder, predict, state.params, num_steps, split, sources[split]
                )
            else:
                print(f"{folder}: evaluated on {split} already")
            print(table(result), flush=True)
    return state, None


def _write_model(config: Config, folder: Path, state: TrainState) -> None:
    path = folder / MODEL_FILE
    try:
        with replacing(path) as part, part.open("xb") as file:
            save_model(file, build.describe(config), state.params)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error})") from error


def _train_step(config: Config, model: Autoencoder, tx: optax.GradientTransformation) -> TrainStep:
    return make_train_step(
        model,
        tx,
        loss=config.loss,
        tau=config.tau,
        num_targets=config.train.num_targets,
        sparsity_weight=config.flow_head.sparsity_weight,
        photometric_weight=build.photometric_weight(config),
    )


def _compile(
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


def _train(
    config: Config,
    folder: Path,
    train_step: TrainStep,
    state: TrainState,
    data: TrainingData,
    checkpoints: Checkpoints,
    predict: Predict,
    validation: build.Source,
    stop: StopSignals,
) -> TrainState:
    """Updates until the end or a signal; logs, validates and saves on the way."""
    num_steps, batch_size = build.num_steps(config), config.train.batch_size
    schedule = build.make_schedule(config)
    constant = mean_intensity(config)
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
                        config,
                        predict,
                        state.params,
                        validation,
                        config.evaluation.num_while_training,
                        constant,
                        description="validating",
                    )
                    reporter.scalars(step, "validation", scores["model"])
                    references = {name: scores[name] for name in REFERENCES}
                    reporter.references(step, "validation", references)
                if due(config.train.image_every_steps):
                    picture = samples(config, predict, state.params, validation)
                    reporter.picture(step, "validation", picture)
                if due(config.train.checkpoint_every_steps):
                    save()
        if metrics:
            save()
    return state


def _interruptions(config: Config) -> tuple[int, int, int]:
    train = config.train
    return train.validate_every_steps, train.image_every_steps, train.checkpoint_every_steps
