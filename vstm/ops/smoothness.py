"""Huber smoothness penalty H on the flow: identity forward, injected gradient backward.

    H(T) = mean over elements of Huber_delta(grad T)

Source: section 3.2.2, eqs. 2 and 3; the mean over elements and the edge padding are choices.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.spatial_gradient import spatial_gradient


def huber(values: Float[Array, "*n"], *, delta: float) -> Float[Array, "*n"]:
    """Huber function, elementwise.

    a^2 / 2 where |a| <= delta, else delta (|a| - delta / 2); its derivative is a, clipped to
    [-delta, delta].

    Args:
      values: a.
      delta: half-width of the quadratic part, > 0.

    Returns:
      The function's values, unreduced.

    Source: eqs. 2 and 3.
    """
    size = jnp.abs(values)
    return jnp.where(size <= delta, 0.5 * values**2, delta * (size - 0.5 * delta))


def flow_roughness(flow: Float[Array, "*b h w 2"], *, delta: float) -> Float[Array, ""]:
    """H(T): mean Huber function of the flow's spatial gradient, over all its elements.

    Args:
      flow: (u, v), pixels of the flow's own map.
      delta: see `huber`.

    Returns:
      A scalar, >= 0, 0 for a constant flow.

    Source: eq. 2; the mean is a choice.
    """
    return jnp.mean(huber(spatial_gradient(flow), delta=delta))


@jax.custom_vjp
def _penalise_roughness(flow: jax.Array, delta: Any, weight: Any) -> jax.Array:
    return flow


def _penalise_roughness_fwd(flow, delta, weight):
    return flow, (flow, delta, weight)


def _penalise_roughness_bwd(residuals, d_flow):
    flow, delta, weight = residuals
    return d_flow + weight * jax.grad(flow_roughness)(flow, delta=delta), None, None


_penalise_roughness.defvjp(_penalise_roughness_fwd, _penalise_roughness_bwd)


def penalise_roughness(
    flow: Float[Array, "*b h w 2"], *, delta: float, weight: float | Float[Array, ""]
) -> Float[Array, "*b h w 2"]:
    """The module H: returns the flow as it is; adds weight * dH/dT to its gradient.

    The effect is that of a term weight * H(T) in the loss.

    Args:
      flow: T, pixels of its own map.
      delta: see `huber`.
      weight: w_H of eq. 5; may be traced, such as a schedule's value. It has no gradient.

    Returns:
      The flow, unchanged.

    Source: section 3.2.2.
    """
    return _penalise_roughness(flow, delta, weight)
