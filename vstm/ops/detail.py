"""Detail of a moved frame: as much of it as is found again, band by band and place by place.

The best prediction of a frame whose motion is uncertain is not the moved frame, but its mean over
all motions that are likely, which is softer. How much softer, the last prediction tells: a frame
is taken apart into bands of detail, each the difference of two Gaussian blurs, and where the last
moved frame's band P and that of the frame which came, Y, have agreed to the gain

    g = (sum P Y + r) / (sum P^2 + r),  in [0, 1],

least squares over a window and over the frames so far, the next moved frame's band is taken by g.

Source: choice; Wiener's filter, with its gain estimated as things go.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.averages import cell_means, gaussian_blur
from vstm.ops.enlargement import enlarge
from vstm.ops.warp import warp_batch, warp_within

BLUR_DEVIATIONS = (1.0, 2.0, 4.0)  # pixels, each of the frame blurred before
WINDOW_DEVIATION = 5.0  # pixels
MEMORY = 0.5  # of the sums, from one frame to the next
REGULARISATION = 1e-4  # r, squared intensity; towards a gain of 1


class Agreement(NamedTuple):
    """What gains are estimated from.

    Attributes:
      moved: the last frame as it was moved, to be compared with the next one, [B, H, W, C].
      products: sums of P Y of each band, [B, h, w, n], by cells.
      energies: sums of P^2, likewise.
    """

    moved: jax.Array
    products: jax.Array
    energies: jax.Array


def detail_bands(frame: Float[Array, "*b H W c"]) -> Float[Array, "n *b H W c"]:
    """A frame as a sum: bands of detail, from fine to coarse, and what is left of it at last."""
    parts = []
    for deviation in BLUR_DEVIATIONS:
        blurred = gaussian_blur(frame, deviation)
        parts.append(frame - blurred)
        frame = blurred
    return jnp.stack([*parts, frame])


def no_agreement(frame: jax.Array, size: tuple[int, int]) -> Agreement:
    """Before a first frame [B, H, W, C]: sums of zero for `size` cells, hence gains of 1."""
    zeros = jnp.zeros((frame.shape[0], *size, len(BLUR_DEVIATIONS)), frame.dtype)
    return Agreement(frame, zeros, zeros)


def agree(agreement: Agreement, frame: Float[Array, "b H W c"]) -> Agreement:
    """Adds to the sums how the last moved frame agrees with the frame that came."""
    factor = frame.shape[-3] // agreement.products.shape[-3]
    ours, theirs = detail_bands(agreement.moved)[:-1], detail_bands(frame)[:-1]

    def add(sums: jax.Array, products: jax.Array) -> jax.Array:
        by_band = jnp.moveaxis(products.sum(axis=-1), 0, -1)
        window = gaussian_blur(cell_means(by_band, factor), WINDOW_DEVIATION / factor)
        return MEMORY * sums + window

    return Agreement(
        agreement.moved,
        add(agreement.products, ours * theirs),
        add(agreement.energies, ours * ours),
    )


def carry(agreement: Agreement, flow: Float[Array, "b h w 2"], moved: jax.Array) -> Agreement:
    """The sums moved along the flow, and the frame that it moved, for the next `agree`."""
    products, energies = (
        warp_batch(sums, flow, warp_within) for sums in (agreement.products, agreement.energies)
    )
    return Agreement(moved, products, energies)


def gains(agreement: Agreement) -> Float[Array, "b h w n"]:
    """The gain of each band, in [0, 1]."""
    ratio = (agreement.products + REGULARISATION) / (agreement.energies + REGULARISATION)
    return jnp.clip(ratio, 0.0, 1.0)


def soften(
    frame: Float[Array, "*b H W c"], band_gains: Float[Array, "*b h w n"]
) -> Float[Array, "*b H W c"]:
    """A frame with each band of detail by its gain, interpolated bilinearly between cells."""
    *bands, base = detail_bands(frame)
    factor = frame.shape[-3] // band_gains.shape[-3]
    weights = jnp.moveaxis(enlarge(band_gains, factor=factor), -1, 0)
    for band, weight in zip(bands, weights, strict=True):
        base = base + weight[..., None] * band
    return base
