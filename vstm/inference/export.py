"""A trained model as programs that need nothing of this project: StableHLO, by `jax.export`.

    step = jax.export.deserialize(bytearray(Path("step.stablehlo").read_bytes()))
    prediction, flow, *state = step.call(frame, *state)

Weights are constants of the programs; the batch B may be any; the size of frames is the model's.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import export

from vstm.model import Autoencoder
from vstm.modules.model_config import ModelConfig
from vstm.ops.separately import portable
from vstm.state import Output, State
from vstm.tracking import start as start_tracking

PLATFORMS = ("cpu", "cuda", "tpu")
PROGRAMS = {
    "start": "(frame) -> state...: before a video's first frame",
    "step": "(frame, state...) -> (prediction, flow, state...): takes a frame in",
    "predict": "(frames) -> (prediction, flow): takes tau frames in, from the start",
}
"""What `programs` makes: arguments and results.

`frame` and `prediction` [B, H, W, C] are intensities, a prediction's may leave [0, 1] a little;
`frames` [B, tau, H, W, C]; `flow` [B, H, W, 2] is backward, pixels of the frame, (u, v) = (x right,
y down): next(x, y) = last(x + u, y + v).
"""


def functions(
    config: ModelConfig, params: Any, *, channels: int = 1
) -> dict[str, Callable[..., tuple[jax.Array, ...]]]:
    """The programs as functions of arrays, frames [B, H, W, C] and states, see `PROGRAMS`.

    Args:
      config: of the model.
      params: its parameters.
      channels: C of a frame.
    """
    # The transforms of the other form are planned for one batch.
    model = Autoencoder(config, convolution="direct")

    def first_state(frame: jax.Array) -> State:
        if config.tracking:
            return start_tracking(config, frame)
        described: Any = jax.eval_shape(model.apply, {"params": params}, frame[:, None])
        return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), described.state)

    def start(frame: jax.Array) -> tuple[jax.Array, ...]:
        return tuple(jax.tree.leaves(first_state(frame)))

    def run(frames: jax.Array, state: State | None) -> tuple[jax.Array, jax.Array, State]:
        output = model.apply({"params": params}, frames, state)
        assert isinstance(output, Output)
        return model.intensity(output.prediction), model.enlarge(output.flow), output.state

    frame = jax.ShapeDtypeStruct((1, *config.frame_size, channels), jnp.float32)
    structure = jax.tree.structure(jax.eval_shape(first_state, frame))

    def step(frame: jax.Array, *state: jax.Array) -> tuple[jax.Array, ...]:
        prediction, flow, after = run(frame[:, None], jax.tree.unflatten(structure, state))
        return prediction, flow, *jax.tree.leaves(after)

    def predict(frames: jax.Array) -> tuple[jax.Array, ...]:
        return run(frames, None)[:2]

    return {"start": start, "step": step, "predict": predict}


def programs(
    config: ModelConfig, params: Any, tau: int, *, channels: int = 1
) -> dict[str, export.Exported]:
    """A model's programs, see `PROGRAMS`, for all of `PLATFORMS`.

    Args:
      config: of the model.
      params: its parameters.
      tau: frames that `predict` takes.
      channels: C of a frame.
    """
    made = functions(config, params, channels=channels)
    (batch,) = export.symbolic_shape("B")

    def exported(name: str, *arguments: Any) -> export.Exported:
        with portable():
            return export.export(jax.jit(made[name]), platforms=PLATFORMS)(*arguments)

    frame = jax.ShapeDtypeStruct((batch, *config.frame_size, channels), jnp.float32)
    frames = jax.ShapeDtypeStruct((batch, tau, *config.frame_size, channels), jnp.float32)
    first = exported("start", frame)
    state = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in first.out_avals]
    return {
        "start": first,
        "step": exported("step", frame, *state),
        "predict": exported("predict", frames),
    }
