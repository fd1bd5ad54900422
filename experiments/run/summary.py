"""Prints the modules of a variant with their parameter counts and output shapes."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from vstm.model import Autoencoder


def module_table(model: Autoencoder, tau: int, channels: int) -> str:
    """A line for each module of the network and, below it, for each of its parts.

    Shapes are those of the outputs for a batch of one sequence, time first: of encoder and memory
    for all tau frames, of flow head and decoder for the one prediction.

    Args:
      model: the network.
      tau: frames fed in.
      channels: of a frame.

    Returns:
      The table; its last line is `total N`.
    """
    frames = jax.ShapeDtypeStruct((1, tau, *model.config.frame_size, channels), jnp.float32)
    shapes: dict[tuple[str, ...], tuple[int, ...]] = {}

    def note_output(call: Any, args: Any, kwargs: Any, context: Any) -> Any:
        output = call(*args, **kwargs)
        maps = output[1] if isinstance(output, tuple) else output  # memories return (state, maps)
        if context.module.path and hasattr(maps, "shape"):
            shapes[context.module.path] = maps.shape
        return output

    def init(key: jax.Array, frames: jax.Array) -> Any:
        with nn.intercept_methods(note_output):
            return model.init(key, frames)["params"]

    params = jax.eval_shape(init, jax.random.key(0), frames)
    rows = [f"{'module':28}{'parameters':>12}  output"]
    for path, shape in sorted(shapes.items(), key=lambda item: _order(item[0])):
        name = "  " * (len(path) - 1) + path[-1]
        rows.append(f"{name:28}{_count(_subtree(params, path)):12,}  {list(shape)}")
    rows.append(f"total {_count(params)}")
    return "\n".join(rows)


_MODULES = ("encoder", "memory", "flow_head", "decoder")


def _order(path: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    return _MODULES.index(path[0]), path[1:]


def _subtree(tree: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        tree = tree[name]
    return tree


def _count(tree: Any) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(tree))
