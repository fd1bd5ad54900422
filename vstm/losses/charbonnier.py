"""The Charbonnier function, a smooth absolute value.

Outliers, such as pixels that were hidden before, count no more than their size.

Source: Charbonnier et al. 1994; Sun, Roth, Black 2010 for optical flow.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float


def charbonnier(values: Float[Array, "*n"], *, scale: float) -> Float[Array, "*n"]:
    """sqrt(a^2 + scale^2), elementwise.

    Args:
      values: a.
      scale: of the quadratic part, > 0.

    Returns:
      The function's values, unreduced, at least `scale`.
    """
    return jnp.sqrt(jnp.square(values) + scale * scale)
