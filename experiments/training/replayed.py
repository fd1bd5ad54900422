"""A skipped update made again, and where it first stops being finite."""

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments.configs.config import Config
from experiments.console.errors import UserError
from experiments.run import build
from experiments.run.stored import named
from vstm.compiler import PRECISIONS, compiler_options
from vstm.training.batch import random_windows
from vstm.training.repeated import repeated
from vstm.training.sharding import Devices
from vstm.training.update import TrainState, init_state

_MODULES = ("encoder", "memory", "flow_head", "decoder")  # in the order in which a frame passes
_MAPPED_ALONE = Devices(1, shard_optimizer=True)  # only the gradient is mapped, so it is seen


@dataclass(frozen=True)
class Skipped:
    """What a run keeps of the last update that it skipped.

    Attributes:
      update: its number.
      frames: its batch, [B, T, H, W, C].
      state: before it.
    """

    update: int
    frames: np.ndarray
    state: TrainState


def read_skipped(path: Path, config: Config) -> Skipped:
    """Reads what `SkippedUpdates.keep` wrote.

    Raises:
      UserError: it cannot be read, or is of another configuration.
    """
    drawn = init_state(
        build.make_model(config),
        build.make_tx(config, config.data.num_train),
        jax.random.key(config.seed),
        build.frame_shape(config),
    )
    like = {"params": drawn.params, "opt_state": drawn.opt_state}
    try:
        with np.load(path) as kept:
            arrays = {name: kept[name] for name in ("update", "frames", *named(like))}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: not a skipped update of this configuration ({error})") from error
    for name, leaf in named(like).items():
        if arrays[name].shape != leaf.shape:
            shapes = f"{list(arrays[name].shape)}; expected {list(leaf.shape)}"
            raise UserError(f"{path}: {name} is {shapes}, as the run's configuration says")
    update, structure = int(arrays["update"]), jax.tree.structure(like)
    leaves = [jnp.asarray(arrays[name]) for name in named(like)]
    state = replace(drawn, step=jnp.int32(update - 1), **jax.tree.unflatten(structure, leaves))
    return Skipped(update, arrays["frames"], state)


def replay(config: Config, skipped: Skipped) -> list[dict[str, Any]]:
    """Makes the update again in each precision.

    Args:
      config: of the run.
      skipped: the update.

    Returns:
      Rows, with a column for each of `PRECISIONS`: the update's metrics, from the program that the
      run compiles; and, from programs that show more, which of the frames, parameters, activations,
      terms of the loss, gradients and steps is the first that isn't finite, or the largest.
    """
    columns = {}
    for precision in PRECISIONS:
        ours = config.copy_and_resolve_references()
        ours.precision = precision
        metrics = _metrics_of_run(ours, skipped)
        deciding = ("loss", "gradient_norm", "update_norm", "skipped")
        found = {name: f"{metrics[name]:.5g}" for name in deciding}
        columns[precision] = found | {what: _told(t) for what, t in _tensors(ours, skipped)}
    first = columns[PRECISIONS[0]]
    return [{"": what} | {name: columns[name][what] for name in columns} for what in first]


def _metrics_of_run(config: Config, skipped: Skipped) -> dict[str, float]:
    """Metrics of the update, from the program that the run compiles."""
    devices = build.devices(config)
    tx = build.make_tx(config, config.data.num_train)
    updates = jax.jit(
        devices.over(repeated(build.train_step(config, tx, devices), config.train.max_skipped)),
        compiler_options=compiler_options(),
    )
    unused = [np.zeros_like(skipped.frames)] * (config.train.updates_per_call - 1)
    batches = devices.split(np.stack([skipped.frames, *unused]))
    state = devices.place(skipped.state)
    _, _, metrics = updates(state, np.int32(0), batches, np.int32(1), ())
    return {name: float(each[0]) for name, each in metrics.items()}


def _tensors(config: Config, skipped: Skipped) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What an update makes, by kind and by name, in its order."""
    frames = jnp.asarray(skipped.frames)
    key = jax.random.fold_in(skipped.state.key, skipped.state.step)
    window = random_windows(key, frames, config.tau + 1)
    yield "frames", {f"frame {t + 1}": window[:, t] for t in range(config.tau + 1)}
    yield "parameters", named(skipped.state.params)
    yield "activations", dict(_activations(config, skipped.state.params, window[:, :-1]))
    metrics, gradient, step = jax.jit(
        lambda state: _update(config, state, frames), compiler_options=compiler_options()
    )(skipped.state)
    of_it = {"gradient_norm", "update_norm", "skipped", "flow_magnitude", "flow_clamped"}
    yield "terms of the loss", {name: value for name, value in metrics.items() if name not in of_it}
    yield "gradient", named(gradient)
    yield "step", named(step)


def _update(config: Config, state: TrainState, frames: jax.Array) -> tuple[Any, Any, Any]:
    """Metrics, gradient and step of an update, all by parameter."""
    tx = build.make_tx(config, config.data.num_train)
    seen: dict[str, Any] = {}

    def update(gradient: Any, opt_state: Any, params: Any = None) -> Any:
        step, opt_state = tx.update(gradient, opt_state, params)
        seen.update(gradient=gradient, step=step)
        return step, opt_state

    seeing = optax.GradientTransformation(tx.init, update)
    _, metrics = build.train_step(config, seeing, _MAPPED_ALONE)(state, frames)
    return metrics, seen["gradient"], seen["step"]


def _activations(config: Config, params: Any, frames: jax.Array) -> Iterator[tuple[str, jax.Array]]:
    """What each module makes of each frame [B, tau, H, W, C], one after the other."""
    model = build.make_model(config).clone(segment=0)

    @partial(jax.jit, compiler_options=compiler_options())
    def take(frame: jax.Array, state: Any) -> Any:
        return model.apply(
            {"params": params},
            frame[:, None],
            state,
            capture_intermediates=True,
            mutable=["intermediates"],
        )

    state = None
    for t in range(frames.shape[1]):
        output, made = take(frames[:, t], state)
        state = output.state
        inside = made["intermediates"]
        if config.model.tracking:
            yield from _of(t, "registration", state.course)
        for module in _MODULES:
            yield from _of(t, module, inside.get(module, {}))
        yield from _of(t, "flow", output.flows)
        yield from _of(t, "prediction", output.predictions)


def _of(t: int, part: str, tree: Any) -> Iterator[tuple[str, jax.Array]]:
    for name, array in named(tree).items():
        path = re.sub(r"(^|/)__call__/0", "", name).removeprefix("/")  # which Flax adds
        yield f"frame {t + 1}, {part}{'/' if path else ''}{path}", array


def _told(tensors: Mapping[str, Any]) -> str:
    """The first tensor that isn't finite, or the largest one."""
    arrays = {name: np.asarray(array) for name, array in tensors.items()}
    spoilt = {name: ~np.isfinite(array) for name, array in arrays.items()}
    names = [name for name, wrong in spoilt.items() if wrong.any()]
    if not names:
        largest = max(arrays, key=lambda name: np.abs(arrays[name]).max(initial=0))
        return f"finite, up to {np.abs(arrays[largest]).max():.3g} in {largest}"
    first = names[0]
    place = np.argwhere(spoilt[first])[0].tolist()
    values = arrays[first][spoilt[first]]
    return (
        f"{first} is the first of {len(names)} of {len(arrays)}: {values[0]} at {place}, "
        f"{values.size} of {arrays[first].size} values"
    )
