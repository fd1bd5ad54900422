"""Photometric error of the flow: the last frame, moved along it, should be the next one.

Nothing else ties the flow to the motion of the frames. The encoder may shift its features, and the
decoder shift them back: flow that is wrong by the same vector everywhere then costs nothing. The
error serves as a loss, and finds that vector in a trained model.

Source: unsupervised optical flow (Yu, Harley, Derpanis 2016), after Horn and Schunck's brightness
constancy; not in the paper.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.warp import upsample_flow, warp_batch, warp_within

CELL_SIDES = (1, 2, 4, 8)
LARGEST_SHIFT = 8.0  # pixels; half of the flow head's range on frames of 64 pixels
FINEST_STEP = 0.0625  # pixels


def photometric_error(
    frames: Float[Array, "n H W c"], targets: Float[Array, "n H W c"], flow: Float[Array, "n h w 2"]
) -> Float[Array, ""]:
    """Mean squared difference of the moved frames and the next ones, added up over resolutions.

    Of pixels it is exact, but is only sensitive to edges within a pixel; of means over cells, to
    edges within a cell. Cells are of `CELL_SIDES` pixels, as far as these divide the frame.

    Args:
      frames: the last ones.
      targets: the next ones.
      flow: backward, pixels of its own map, whose sides divide those of the frames.

    Returns:
      A scalar, >= 0.
    """
    height, width = frames.shape[1:3]
    flow = upsample_flow(flow, height // flow.shape[1])
    sides = [side for side in CELL_SIDES if height % side == 0 and width % side == 0]
    return sum((_error(frames, targets, flow, side) for side in sides), jnp.zeros(()))


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


def _error(frames: jax.Array, targets: jax.Array, flow: jax.Array, side: int) -> jax.Array:
    frames, targets, flow = (_cell_means(each, side) for each in (frames, targets, flow / side))
    return jnp.mean(jnp.square(warp_batch(frames, flow, warp_within) - targets))


def _cell_means(maps: jax.Array, side: int) -> jax.Array:
    n, height, width, channels = maps.shape
    cells = maps.reshape(n, height // side, side, width // side, side, channels)
    return cells.mean(axis=(2, 4))
