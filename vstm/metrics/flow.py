"""Errors of a flow against the true one; both (u, v) = (x right, y down) in pixels."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def endpoint_error(
    flow: Float[Array, "*b h w 2"], truth: Float[Array, "*b h w 2"]
) -> Float[Array, "*b h w"]:
    """Length of the difference, |T - T*|, pixels, >= 0.

    Source: Otte and Nagel 1994, after Baker et al. 2011.
    """
    return jnp.linalg.norm(flow - truth, axis=-1)


def angular_error(
    flow: Float[Array, "*b h w 2"], truth: Float[Array, "*b h w 2"]
) -> Float[Array, "*b h w"]:
    """Angle between (u, v, 1) and (u*, v*, 1), degrees in [0, 180).

    As atan2(|a x b|, a . b), which keeps small angles exact.

    Source: Fleet and Jepson 1990, after Baker et al. 2011.
    """
    a, b = (jnp.concatenate([x, jnp.ones_like(x[..., :1])], -1) for x in (flow, truth))
    sine = jnp.linalg.norm(jnp.cross(a, b), axis=-1)
    return jnp.degrees(jnp.arctan2(sine, jnp.sum(a * b, axis=-1)))
