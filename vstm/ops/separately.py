"""Functions that are compiled on their own, for the CPU.

XLA fuses elementwise operations into whatever reads their result, and works the result out anew for
each time that it is read: for each of a hundred features that a position samples, each tap of a
blur, each of four neighbours. What is behind a call that is not inlined is worked out once.

Source: choice.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import jax
from jax.experimental.xla_metadata import set_xla_metadata

_Function = TypeVar("_Function", bound=Callable[..., Any])
_PORTABLE: ContextVar[bool] = ContextVar("portable", default=False)


def separately(function: _Function) -> _Function:
    """The function, compiled on its own on a CPU; positional arguments are arrays, others not."""

    @functools.wraps(function)
    def call(*arrays: Any, **settings: Any) -> Any:
        if _PORTABLE.get() or jax.default_backend() != "cpu":
            return function(*arrays, **settings)
        with set_xla_metadata(inlineable="false"):
            return _call(function, tuple(settings.items()), *arrays)

    return call  # type: ignore[return-value]


@functools.partial(jax.jit, static_argnums=(0, 1))
def _call(function: Callable[..., Any], settings: tuple[tuple[str, Any], ...], *arrays: Any) -> Any:
    with set_xla_metadata(inlineable=None):
        return function(*arrays, **dict(settings))


@contextmanager
def portable() -> Iterator[None]:
    """While programs are traced that other platforms run, too, nothing is compiled on its own."""
    token = _PORTABLE.set(True)
    try:
        yield
    finally:
        _PORTABLE.reset(token)
