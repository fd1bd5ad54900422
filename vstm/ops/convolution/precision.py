"""The precision of products in backward passes that are written out.

JAX traces these when the gradient is asked for, which may be outside of the context that sets the
precision of the forward pass, `jax.default_matmul_precision`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax


@jax.tree_util.register_static
@dataclass(frozen=True)
class _Precision:
    """A setting among the residuals, which are arrays otherwise."""

    setting: Any


def in_one_precision(
    forward: Callable[..., Any], backward: Callable[..., Any]
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Both rules of a `jax.custom_vjp`, the backward one in the precision of the forward one.

    Args:
      forward: (arguments) -> (outputs, residuals).
      backward: (arguments that are not differentiated, residuals, cotangents) -> cotangents.

    Returns:
      What `defvjp` takes.

    Source: choice.
    """

    def noting(*arguments: Any) -> Any:
        outputs, residuals = forward(*arguments)
        setting: Any = jax.config
        return outputs, (_Precision(setting.jax_default_matmul_precision), residuals)

    def returning(*arguments: Any) -> Any:
        *settings, (precision, residuals), cotangents = arguments
        with jax.default_matmul_precision(precision.setting):
            return backward(*settings, residuals, cotangents)

    return noting, returning
