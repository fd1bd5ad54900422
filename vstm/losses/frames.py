"""What losses and metrics expect of frames, which would broadcast or wrap around otherwise."""

from typing import Any

import jax.numpy as jnp


def check_frames(**frames: Any) -> None:
    """Refuses what are no frames [..., H, W, C] of one shape, of real numbers.

    Args:
      frames: two, by the names that they have for the caller.

    Raises:
      ValueError: what is wrong, with the names.

    Source: choice.
    """
    (name, first), (other_name, other) = frames.items()
    if first.shape != other.shape or first.ndim < 3:
        raise ValueError(
            f"{name} of shape {first.shape}, {other_name} of shape {other.shape}: expected frames "
            "[..., H, W, C] of one shape"
        )
    for name, each in frames.items():
        if not jnp.issubdtype(each.dtype, jnp.floating):
            raise ValueError(f"{name} of {each.dtype}: expected real numbers, of images in [0, 1]")


def check_weight(weight: Any, frames: Any) -> None:
    """Refuses a weight of frames that has not their number of axes, unless it is a scalar.

    Raises:
      ValueError: its shape, and what was expected.

    Source: choice.
    """
    shape = jnp.shape(weight)
    expected = (*frames.shape[:-3], 1, 1, 1)
    fits = len(shape) == len(expected) and all(
        n in (1, m) for n, m in zip(shape, expected, strict=True)
    )
    if shape and not fits:
        raise ValueError(f"weight of shape {shape}: expected a scalar, or one a frame, {expected}")
