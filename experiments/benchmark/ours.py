"""Our side of the benchmark: the programs that training and streaming run, on random frames."""

import time
from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp
import optax

from experiments.benchmark.cells import CLIP_NORM, LEARNING_RATE, SMOOTHNESS_WEIGHT, Cell
from experiments.console.runtime import give_back_memory
from vstm.compiler import compiler_options
from vstm.model import Autoencoder
from vstm.training.optimizer import make_optimizer
from vstm.training.update import TrainStep, init_state, make_train_step
from vstm.variants import get_variant


def make_model(cell: Cell) -> Autoencoder:
    """The model of a cell, for binary pixels, with the clamp and the penalty of the other side."""
    size = (cell.size, cell.size)
    return Autoencoder(replace(get_variant(cell.variant), frame_size=size), segment=cell.segment)


def make_tx(kind: str) -> optax.GradientTransformation:
    """The optimiser of all that is timed: a constant rate, and clipping."""
    schedule = optax.constant_schedule(LEARNING_RATE)
    return make_optimizer(kind, schedule, clip_elements=0.0, clip_global_norm=CLIP_NORM)


def make_update(cell: Cell) -> tuple[TrainStep, optax.GradientTransformation]:
    """The update that `Cell` describes, to be compiled, and its optimiser."""
    tx = make_tx("adam")
    train_step = make_train_step(
        make_model(cell), tx, loss="bce", tau=cell.tau, smoothness_weight=SMOOTHNESS_WEIGHT
    )
    return train_step, tx


def prepare(cell: Cell) -> tuple[Callable[[], None], float, int]:
    """Compiles a cell.

    Returns:
      A function that runs it once and waits for the end; seconds of compilation; parameters.
    """
    model = make_model(cell)
    train_step, tx = make_update(cell)
    state = init_state(model, tx, jax.random.key(0), (cell.size, cell.size, 1))
    num_parameters = sum(leaf.size for leaf in jax.tree.leaves(state.params))
    num_frames = cell.tau + 1 if cell.phase == "train" else 1
    shape = (cell.batch, num_frames, cell.size, cell.size, 1)
    frames = (jax.random.uniform(jax.random.key(1), shape) > 0.8).astype(jnp.float32)
    options = compiler_options()

    if cell.phase == "train":
        start = time.perf_counter()
        update = (
            jax.jit(train_step, donate_argnums=0, compiler_options=options)
            .lower(state, frames)
            .compile()
        )
        compilation = time.perf_counter() - start
        give_back_memory()

        def run() -> None:
            nonlocal state
            state, metrics = update(state, frames)
            jax.block_until_ready((state, metrics))

        return run, compilation, num_parameters

    variables = {"params": state.params}
    start = time.perf_counter()
    first, prepared = jax.jit(
        lambda variables, frames: model.apply(variables, frames, mutable=["prepared"]),
        compiler_options=options,
    )(variables, frames)
    variables |= prepared
    carried = first.state
    apply = (
        jax.jit(model.apply, donate_argnums=2, compiler_options=options)
        .lower(variables, frames, carried)
        .compile()
    )
    compilation = time.perf_counter() - start
    del state
    give_back_memory()

    def step() -> None:
        nonlocal carried
        output = apply(variables, frames, carried)
        carried = output.state
        jax.block_until_ready(output)

    return step, compilation, num_parameters


def device() -> str:
    """What it runs on."""
    return jax.devices()[0].device_kind


def peak_device_bytes() -> int | None:
    """Largest memory in use on an accelerator; None on the CPU."""
    statistics = jax.devices()[0].memory_stats()
    return statistics["peak_bytes_in_use"] if statistics else None
