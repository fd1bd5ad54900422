"""Sparsity penalty on the flow: off by default, against flow on flat background.

Source: section 5.2 names it without an equation; the mean absolute value is a choice.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float


def flow_density(flow: Float[Array, "*b h w 2"]) -> Float[Array, ""]:
    """Mean of |u| and |v| over all elements.

    Args:
      flow: (u, v), pixels of its own map.

    Returns:
      A scalar, >= 0, in those pixels; its gradient is zero where the flow is.
    """
    return jnp.mean(jnp.abs(flow))
