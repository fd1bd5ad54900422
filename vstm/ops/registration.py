"""Registration: the motion between two frames, cell by cell, from one that was foreseen.

The previous frame, moved along the flow f0 that was foreseen, should equal the new one. Where it
does not, the flow f that mends it makes least

    sum over cells  (e - g (f - f0))^2 w + m |f|^2   +   sum over neighbouring cells  a/4 |f - f'|^2

with P the moved frame, Y the new one, e = Y - P and g = grad (P + Y) / 2, the square averaged over
a Gaussian window around the cell, and w = n^2 / (mean of e^2 + n^2), so that what was hidden
before, and can't be found, counts little. Flow is so carried from where something shows to where
nothing does, and fades there. It solves, with F the mean flow of a cell's four neighbours,

    (w mean g g^T + (a + m) I) f = w (mean g e + mean g g^T f0) + a F

which Jacobi's iteration takes with the F of the iteration before. What moves must show it: of the
flow that is found at last, the share

    d / (d + s^2),    d = max(0, mean of (Y - Y')^2 - mean of (Y - P)^2)

is taken, with Y' the previous frame as it was and P as it was moved, means over a window, and
channels summed.

Source: Lucas and Kanade 1981, Horn and Schunck 1981, and both together: Bruhn, Weickert, Schnoerr
2005. That it mends a prediction of the motion is a choice, and so are w, m and the share.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.averages import cell_means, gaussian_blur
from vstm.ops.borders import shifted_maps
from vstm.ops.spatial_gradient import spatial_gradient
from vstm.ops.warp import bilinear_flow, warp_batch, warp_within

WINDOW_DEVIATION = 1.3  # pixels of a scale
SMOOTHNESS = 2e-3  # a, squared intensity per pixel
FADING = 1e-5  # m, likewise
UNEXPLAINED = 1e-2  # n^2, squared intensity
ITERATIONS = 10
SCALES = (8, 4, 4, 2, 2, 1)  # pixels a side, of the means that flow is mended on, one after another
LARGEST_SURE_SCALE = 4  # what is found on coarser ones is taken only where it explains more
EXPLAINED_DEVIATION = 3.0  # pixels, of the window in which that is judged
EXPLAINED = 0.9  # of the squared error before; less must be left
SHOWN_DEVIATION = 6.0  # pixels, of the window in which motion must show
SHOWN = (0.5 / 255) ** 2  # s^2, squared intensity: half a level of eight bits
LARGEST_STEP = 3.0  # pixels of a scale


def mend(
    flow: Float[Array, "*b h w 2"],
    moved: Float[Array, "*b H W c"],
    frame: Float[Array, "*b H W c"],
) -> Float[Array, "*b h w 2"]:
    """The flow that takes the previous frame to the new one, from one that nearly does.

    Args:
      flow: f0, (u, v), backward, pixels of the frames; h and w divide H and W alike.
      moved: P, the previous frame as f0 moved it, intensities.
      frame: Y, the new one.

    Returns:
      f, likewise; no further from f0 than `LARGEST_STEP`.

    Source: Bruhn, Weickert, Schnoerr 2005.
    """
    cell = frame.shape[-3] // flow.shape[-3]
    d_dx, d_dy = spatial_gradient((moved + frame) / 2)
    error = frame - moved
    products = (
        d_dx * d_dx, d_dx * d_dy, d_dy * d_dy, d_dx * error, d_dy * error, error * error
    )  # fmt: skip
    sums = jnp.stack([product.sum(axis=-1) for product in products], axis=-1)
    means = gaussian_blur(cell_means(sums, cell), WINDOW_DEVIATION / cell)
    weight = UNEXPLAINED / (means[..., 5:] + UNEXPLAINED)
    xx, xy, yy, x_error, y_error = jnp.moveaxis(weight * means[..., :5], -1, 0)
    u, v = flow[..., 0], flow[..., 1]
    right = jnp.stack([x_error + xx * u + xy * v, y_error + xy * u + yy * v], axis=-1)
    xx, yy = xx + SMOOTHNESS + FADING, yy + SMOOTHNESS + FADING
    determinant = xx * yy - xy * xy

    def iterate(_: int | jax.Array, mended: jax.Array) -> jax.Array:
        x, y = jnp.moveaxis(right + SMOOTHNESS * _neighbours_mean(mended), -1, 0)
        return jnp.stack([yy * x - xy * y, xx * y - xy * x], axis=-1) / determinant[..., None]

    step = jax.lax.fori_loop(0, ITERATIONS, iterate, flow) - flow
    length = jnp.linalg.norm(step, axis=-1, keepdims=True)
    return flow + step * jnp.minimum(1.0, LARGEST_STEP / jnp.maximum(length, LARGEST_STEP))


def register(
    flow: Float[Array, "b h w 2"],
    previous: Float[Array, "b H W c"],
    frame: Float[Array, "b H W c"],
) -> Float[Array, "b h w 2"]:
    """The flow between two frames, from one that was foreseen: mended coarse to fine.

    On means over `SCALES` pixels a side, after those over the map's cells where these are larger.
    Coarse means may find motion where there is none: theirs is taken only where the frame moved
    along it leaves less than `EXPLAINED` of the error before. At last, flow is taken as far as it
    shows.

    Args:
      flow: foreseen, backward, pixels of its own map, whose cells are of 2^n pixels.
      previous: the frame before, intensities.
      frame: the new one; previous(x + u, y + v) = frame(x, y).

    Returns:
      The mended flow, pixels of its map.

    Source: choice.
    """
    factor = frame.shape[-3] // flow.shape[-3]
    height, width = flow.shape[-3:-1]
    scales = (factor, *SCALES) if factor > SCALES[0] else SCALES
    flow = _repeat_edges(flow, scales[0] // factor)
    previous, frame = (_repeat_edges(each, scales[0]) for each in (previous, frame))

    def moved(flow: jax.Array) -> jax.Array:
        return warp_batch(previous, bilinear_flow(flow, factor), warp_within)

    for scale in scales:
        by_last = moved(flow)
        found = _mend_at(flow, by_last, frame, scale)
        if scale > LARGEST_SURE_SCALE:
            ours, before = (
                _error(each, frame, factor, EXPLAINED_DEVIATION) for each in (moved(found), by_last)
            )
            found = jnp.where(ours < EXPLAINED * before, found, flow)
        flow = found
    flow *= shown(previous, moved(flow), frame, factor)
    return flow[..., :height, :width, :]


def shown(
    previous: Float[Array, "*b H W c"],
    moved: Float[Array, "*b H W c"],
    frame: Float[Array, "*b H W c"],
    cell: int,
) -> Float[Array, "*b h w 1"]:
    """The share in which motion shows, in [0, 1), of each cell; see the module.

    Args:
      previous: Y', the frame before, intensities.
      moved: P, the same, moved.
      frame: Y, the new one.
      cell: pixels a side, which divide H and W.

    Source: choice; a gain as that of Wiener's filter, and in doubt there is none.
    """
    still, moving = (_error(each, frame, cell, SHOWN_DEVIATION) for each in (previous, moved))
    gained = jnp.maximum(still - moving, 0)
    return gained / (gained + SHOWN)


def _error(guess: jax.Array, frame: jax.Array, cell: int, deviation: float) -> jax.Array:
    """Mean squared error of each cell's window, summed over channels, [*b, h, w, 1]."""
    squares = jnp.square(guess - frame).sum(axis=-1, keepdims=True)
    return gaussian_blur(cell_means(squares, cell), deviation / cell)


def _mend_at(flow: jax.Array, moved: jax.Array, frame: jax.Array, scale: int) -> jax.Array:
    """`mend` on means over `scale` pixels a side, of a flow of its own map."""
    factor = frame.shape[-3] // flow.shape[-3]
    means = (cell_means(moved, scale), cell_means(frame, scale))
    cells = max(1, scale // factor)  # of the map, per pixel of the scale
    foreseen = cell_means(flow, cells) * (factor / scale)
    change = mend(foreseen, *means) - foreseen
    return flow + bilinear_flow(change, cells) / cells * (scale / factor)


def _repeat_edges(maps: jax.Array, divisor: int) -> jax.Array:
    """Maps [B, h, w, c] whose last row and column stand again until the divisor divides both."""
    margins = [(0, -side % divisor) for side in maps.shape[-3:-1]]
    return jnp.pad(maps, [(0, 0), *margins, (0, 0)], mode="edge")


def _neighbours_mean(maps: jax.Array) -> jax.Array:
    """Of the four neighbours, [..., h, w, c]; a cell at the border is its own outer neighbour."""
    (left, _, right), (above, _, below) = (shifted_maps(maps, axis, 1) for axis in (-2, -3))
    return (left + right + above + below) / 4
