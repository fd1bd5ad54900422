"""Photometric error of the flow: the last frame, moved along it, should be the next one.

Nothing else ties the flow to the motion of the frames. The encoder may shift its features, and the
decoder shift them back: flow that is wrong by the same vector everywhere then costs nothing. The
error serves as a loss, and finds that vector in a trained model.

Source: unsupervised optical flow (Yu, Harley, Derpanis 2016; its Charbonnier penalty too; occluded
pixels left out: Wang et al. 2018), after Horn and Schunck's brightness constancy; not in the paper.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.losses.charbonnier import charbonnier
from vstm.losses.frames import check_frames, check_weight
from vstm.losses.occlusion import visible_before
from vstm.ops.averages import cell_means
from vstm.ops.warp import upsample_flow, warp_batch, warp_within

PENALTIES = ("squared", "charbonnier")
CHARBONNIER_SCALE = 0.05  # of weighted differences
CELL_SIDES = (1, 2, 4, 8)
LARGEST_SHIFT = 8.0  # pixels; half of the flow head's range on frames of 64 pixels
FINEST_STEP = 0.0625  # pixels
_LEAST_VISIBLE = 1e-3  # share of a frame, where hardly any pixel was visible


def photometric_error(
    frames: Float[Array, "n H W c"],
    targets: Float[Array, "n H W c"],
    flow: Float[Array, "n h w 2"],
    *,
    penalty: str = "squared",
    weight: Float[Array, "n 1 1 1"] | float = 1.0,
    exclude_occluded: bool = False,
) -> Float[Array, ""]:
    """Mean penalty of the moved frames' difference from the next ones, summed over resolutions.

    Of pixels it is exact, but is only sensitive to edges within a pixel; of means over cells, to
    edges within a cell. Cells are of `CELL_SIDES` pixels, as far as these divide the frame.

    Args:
      frames: the last ones.
      targets: the next ones.
      flow: backward, pixels of its own map, whose sides divide those of the frames.
      penalty: `squared`, or `charbonnier`, of scale `CHARBONNIER_SCALE`.
      weight: of each frame's squared differences.
      exclude_occluded: whether each frame's mean is over pixels alone that, by the flow, were
        visible in the last one, see `vstm.losses.occlusion`; of a cell, by their share in it.

    Returns:
      A scalar, >= 0.

    Raises:
      ValueError: another penalty; frames and targets that are no real numbers of one shape; a
        weight that is not of them; flow of a map whose sides do not divide theirs.
    """
    if penalty not in PENALTIES:
        raise ValueError(f"unknown penalty {penalty!r}; known: {', '.join(PENALTIES)}")
    check_frames(frames=frames, targets=targets)
    check_weight(weight, frames)
    height, width = frames.shape[1:3]
    factor = height // flow.shape[1]
    if (factor * flow.shape[1], factor * flow.shape[2]) != (height, width):
        raise ValueError(
            f"flow of shape {flow.shape}: expected that of a map whose sides divide {height}x"
            f"{width} pixels, both by the same factor"
        )
    flow = upsample_flow(flow, factor)
    sides = [side for side in CELL_SIDES if height % side == 0 and width % side == 0]

    visible = jax.vmap(visible_before)(flow, frames, targets) if exclude_occluded else None

    def error(side: int) -> jax.Array:
        weighted = jnp.sqrt(weight) * _difference(frames, targets, flow, side)
        if penalty == "squared":
            errors = jnp.square(weighted)
        else:
            errors = charbonnier(weighted, scale=CHARBONNIER_SCALE)
        if visible is None:
            return jnp.mean(errors)
        shares = cell_means(visible[..., None], side)
        pixels = (1, 2, 3)
        sums = jnp.mean(shares * errors, pixels)
        return jnp.mean(sums / jnp.maximum(jnp.mean(shares, pixels), _LEAST_VISIBLE))

    return sum(map(error, sides), jnp.zeros(()))


def constant_shift(
    frames: Float[Array, "n H W c"], targets: Float[Array, "n H W c"], flow: Float[Array, "n H W 2"]
) -> Float[Array, "2"]:
    """The vector that, added to all flow, makes the photometric error least.

    Searched in steps of one pixel up to `LARGEST_SHIFT`, then in finer ones around the best.

    Args:
      frames: the last ones.
      targets: the next ones.
      flow: backward, pixels of the frames.

    Returns:
      (u, v), pixels, to within `FINEST_STEP`.
    """

    @jax.jit
    def best(candidates: jax.Array) -> jax.Array:
        errors = jax.lax.map(
            lambda shift: photometric_error(frames, targets, flow + shift), candidates
        )
        return candidates[jnp.argmin(errors)]

    def square(reach: float, step: float) -> jax.Array:
        side = step * jnp.arange(-round(reach / step), round(reach / step) + 1, dtype=flow.dtype)
        return jnp.stack(jnp.meshgrid(side, side), axis=-1).reshape(-1, 2)

    shift = best(square(LARGEST_SHIFT, 1.0))
    shift = best(shift + square(1.0, 0.25))
    return best(shift + square(0.25, FINEST_STEP))


def _difference(frames: jax.Array, targets: jax.Array, flow: jax.Array, side: int) -> jax.Array:
    frames, targets, flow = (cell_means(each, side) for each in (frames, targets, flow / side))
    return warp_batch(frames, flow, warp_within) - targets
