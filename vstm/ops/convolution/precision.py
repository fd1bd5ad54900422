"""The precision of products in functions whose backward pass is written out.

JAX may trace both passes anew where a gradient is asked for, outside of the context that set the
precision where the function was called, `jax.default_matmul_precision`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax


def with_backward_pass(
    forward: Callable[..., Any], backward: Callable[..., Any], *, num_settings: int
) -> Callable[..., Any]:
    """A function with its own backward pass, both in the precision of where it is called.

    Args:
      forward: (settings, arrays) -> (outputs, residuals).
      backward: (settings, residuals, cotangents) -> cotangents of the arrays.
      num_settings: how many of the first arguments are hashable settings.

    Returns:
      (settings, arrays) -> outputs.

    Source: choice.
    """

    @partial(jax.custom_vjp, nondiff_argnums=tuple(range(num_settings + 1)))
    def call(precision: Any, *arguments: Any) -> Any:
        return in_precision_of_call(precision, *arguments)[0]

    def in_precision_of_call(precision: Any, *arguments: Any) -> Any:
        with jax.default_matmul_precision(precision):
            return forward(*arguments)

    def backward_in_precision_of_call(precision: Any, *arguments: Any) -> Any:
        with jax.default_matmul_precision(precision):
            return backward(*arguments)

    call.defvjp(in_precision_of_call, backward_in_precision_of_call)

    def function(*arguments: Any) -> Any:
        config: Any = jax.config
        return call(config.jax_default_matmul_precision, *arguments)

    return function
