"""Edge-aware roughness of the flow: it may change at edges of the frame, and should not elsewhere.

Source: unsupervised optical flow (Wang et al. 2018; Jonschkowski et al. 2020); not in the paper,
whose penalty H knows no edges.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.losses.charbonnier import charbonnier
from vstm.ops.averages import cell_means

SHARPNESS = 20.0  # an edge of a twentieth of the intensities' range lowers the weight to 1/e
SCALE = 0.01  # feature pixels per pixel


def edge_aware_roughness(
    flow: Float[Array, "*b h w 2"], frames: Float[Array, "*b H W c"]
) -> Float[Array, ""]:
    """Mean of charbonnier(d flow) exp(-20 |d frame|), of x and of y, added up.

    Differences are those of neighbouring cells; frames are averaged over each.

    Args:
      flow: pixels of its own map.
      frames: the frames whose pixels it moves, in [0, 1]; h and w divide H and W alike.

    Returns:
      A scalar, >= 0.
    """
    cells = cell_means(frames, frames.shape[-2] // flow.shape[-2])
    total = jnp.zeros((), flow.dtype)
    for axis in (-3, -2):
        change = jnp.abs(jnp.diff(cells, axis=axis)).mean(axis=-1, keepdims=True)
        weight = jnp.exp(-SHARPNESS * change)
        total += jnp.mean(weight * charbonnier(jnp.diff(flow, axis=axis), scale=SCALE))
    return total
