"""Which cells of the next frame show what the last one shows too, by a backward flow alone.

A cell whose flow leads out of the frame has come from outside. Where the flow of several cells
leads to one place, one of them shows what was there, and the others were hidden behind: those whose
error, moved from there, is above the mean of all that claim the place. With the claims n and
their mean error m at a place p of the last frame,

    n(p) = sum over cells x  b(p - x - f(x)),    m(p) = sum  b(p - x - f(x)) e(x) / n(p),

b the bilinear weight, a cell x with n > 3/2 and e(x) > m, read at x + f(x), was hidden. Such sums
are the transpose of the warp along f.

Source: the range map of Wang et al. 2018, of one flow instead of two; that the errors decide is a
choice.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.warp import sampling_grid, warp, warp_within

MOST_CLAIMS = 1.5  # of a place; more than motion that contracts gently makes
_LEAST = 1e-6  # claims


def visible_before(
    flow: Float[Array, "h w 2"], frame: Float[Array, "h w c"], target: Float[Array, "h w c"]
) -> Float[Array, "h w"]:
    """Which cells of the next frame were visible in the last one. No gradient passes.

    Args:
      flow: from the next frame to the last, (u, v), pixels of its map.
      frame: the last one, by the map's cells.
      target: the next one, likewise.

    Returns:
      1 for a cell that was visible, else 0.

    Source: see the module.
    """
    flow, frame, target = map(jax.lax.stop_gradient, (flow, frame, target))
    height, width, _ = flow.shape
    place = sampling_grid(flow)
    size = jnp.array([width, height], flow.dtype)
    inside = jnp.all((place > -0.5) & (place < size - 0.5), axis=-1)
    error = jnp.mean(jnp.abs(warp_within(frame, flow) - target), axis=-1)
    claiming = jnp.stack([jnp.ones_like(error), error], axis=-1)
    _, transposed = jax.vjp(lambda maps: warp(maps, flow), jnp.zeros_like(claiming))
    claims, errors = jnp.moveaxis(transposed(claiming)[0], -1, 0)
    maps = jnp.stack([claims, errors / jnp.maximum(claims, _LEAST)], axis=-1)
    claims, mean_error = jnp.moveaxis(warp_within(maps, flow), -1, 0)
    hidden = (claims > MOST_CLAIMS) & (error > mean_error)
    return (inside & ~hidden).astype(flow.dtype)
