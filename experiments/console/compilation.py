"""Announces each XLA compilation, which takes long and shows nothing."""

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

from data.progress import say

_Result = TypeVar("_Result")


def announced(what: str, compiled: Callable[..., _Result]) -> Callable[..., _Result]:
    """A jitted function that says so before it is compiled, for arguments of shapes new to it.

    Args:
      what: is compiled, as in `the update`.
      compiled: the function.
    """
    seen: set[Any] = set()

    def call(*args: Any, **kwargs: Any) -> _Result:
        shapes = tuple(jnp.shape(leaf) for leaf in jax.tree.leaves((args, kwargs)))
        if shapes not in seen:
            seen.add(shapes)
            announce(what)
        return compiled(*args, **kwargs)

    return call


def announce(what: str) -> None:
    """Says what is compiled next."""
    say(f"compiling {what} (slow the first time) ...")
