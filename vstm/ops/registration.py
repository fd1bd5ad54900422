"""Registration: by how much a flow misses the motion between two frames, cell by cell.

The previous frame, moved along the flow, should equal the new one. Where it does not, Lucas and
Kanade's step says how to mend the flow: with P the moved frame, Y the new one and d what the flow
lacks, P(x + d) = Y(x) to first order, hence by least squares over a window around each cell

    (sum g g^T + r I) d = sum g e,    e = Y - P,    g = grad (P + Y) / 2

The window is Gaussian, and r keeps d small where there is nothing to see. Where the mean of e^2 is
no more than the noise n^2 of a video, d is noise, too: it counts by e^2 / (e^2 + n^2).

Source: Lucas and Kanade 1981; that it mends a prediction of the motion is a choice.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.averages import cell_means, gaussian_blur
from vstm.ops.spatial_gradient import spatial_gradient
from vstm.ops.warp import bilinear_flow, warp_batch, warp_within

WINDOW_DEVIATION = 3.0  # pixels of a scale
LARGEST_STEP = 3.0  # pixels of a scale
REGULARISATION = 1e-5  # r, squared intensity per pixel
NOISE = 2 / 255  # n, intensity


def lucas_kanade_step(
    moved: Float[Array, "*b H W c"], frame: Float[Array, "*b H W c"], cell: int
) -> Float[Array, "*b h w 2"]:
    """What the flow that moved a frame lacks, for each cell of H / h = cell pixels.

    Args:
      moved: P, the previous frame as the flow moved it, intensities.
      frame: Y, the new one.
      cell: side of a cell, pixels; divides H and W.

    Returns:
      d = (u, v), backward, pixels; at most `LARGEST_STEP` long.

    Source: Lucas and Kanade 1981.
    """
    d_dx, d_dy = spatial_gradient((moved + frame) / 2)
    error = frame - moved
    products = (
        d_dx * d_dx, d_dx * d_dy, d_dy * d_dy, d_dx * error, d_dy * error, error * error
    )  # fmt: skip
    sums = jnp.stack([product.sum(axis=-1) for product in products], axis=-1)
    means = gaussian_blur(cell_means(sums, cell), WINDOW_DEVIATION / cell)
    xx, xy, yy, x_error, y_error, squared_error = jnp.moveaxis(means, -1, 0)
    xx, yy = xx + REGULARISATION, yy + REGULARISATION
    step = jnp.stack([yy * x_error - xy * y_error, xx * y_error - xy * x_error], axis=-1)
    confidence = squared_error / (squared_error + NOISE**2)
    step = step * (confidence / (xx * yy - xy * xy))[..., None]
    length = jnp.linalg.norm(step, axis=-1, keepdims=True)
    return step * jnp.minimum(1.0, LARGEST_STEP / jnp.maximum(length, LARGEST_STEP))


def register(
    flow: Float[Array, "b h w 2"],
    previous: Float[Array, "b H W c"],
    frame: Float[Array, "b H W c"],
) -> Float[Array, "b h w 2"]:
    """The flow between two frames, from one that was predicted: Lucas-Kanade steps, coarse to fine.

    There is one on means over cells, then on means over half a cell, and so on to pixels.

    Args:
      flow: predicted, backward, pixels of its own map.
      previous: the frame before, intensities.
      frame: the new one; previous(x + u, y + v) = frame(x, y).

    Returns:
      The mended flow, pixels of its map.

    Source: choice.
    """
    factor = scale = frame.shape[-3] // flow.shape[-3]
    while scale:
        moved = warp_batch(previous, bilinear_flow(flow, factor), warp_within)
        means = (cell_means(moved, scale), cell_means(frame, scale))
        flow = flow + lucas_kanade_step(*means, factor // scale) * (scale / factor)
        scale //= 2
    return flow
