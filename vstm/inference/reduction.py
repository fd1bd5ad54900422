"""Predictions at a fraction of the frame's size, brought back to all of it.

The network sees means over cells of r x r pixels. Its flow is enlarged, and moves the whole frame;
of that, what the means don't show is added to the enlarged prediction:

    P = enlarge(p) + g (M - enlarge(means(M))),    M = S(Y, r enlarge(f))

with p and f the prediction and the flow of the reduced frame, and g the gain of its finest band of
detail (`vstm.ops.detail`), 1 without softening. That takes little beside the network, whose time
falls by r^2.

Source: choice; the bands of a Laplacian pyramid (Burt and Adelson 1983), the finest one moved.
"""

from jaxtyping import Array, Float

from vstm.ops.averages import cell_means
from vstm.ops.enlargement import enlarge
from vstm.ops.warp import bilinear_flow, warp_batch, warp_within


def whole(
    frame: Float[Array, "b H W c"],
    prediction: Float[Array, "b h w c"],
    flow: Float[Array, "b h w 2"],
    gains: Float[Array, "b p q n"] | None,
) -> tuple[Float[Array, "b H W c"], Float[Array, "b H W 2"]]:
    """Brings a reduced frame's prediction to the frame's size.

    Args:
      frame: the last frame, intensities.
      prediction: from its means over cells of H / h pixels a side, intensities.
      flow: likewise, backward, pixels of the reduced frame.
      gains: of the bands of detail of the moved reduced frame, the finest first; None for 1.

    Returns:
      The prediction, and the flow in pixels of the frame.
    """
    factor = frame.shape[-3] // prediction.shape[-3]
    if factor == 1:
        return prediction, flow
    flow = bilinear_flow(flow, factor)
    moved = warp_batch(frame, flow, warp_within)
    fine = moved - enlarge(cell_means(moved, factor), factor=factor)
    if gains is not None:
        fine *= enlarge(gains[..., :1], factor=frame.shape[-3] // gains.shape[-3])
    return enlarge(prediction, factor=factor) + fine, flow
