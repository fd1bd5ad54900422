"""Extrapolation: the next flow from the last two, as it has followed from them so far.

    flow_{t+1} = k1 D1 + k2 D2,    D1 = S(seen_t, seen_t), D2 = S(S(seen_{t-1}, seen_{t-1}), seen_t)

Motion of constant speed has k = (1, 0), of constant acceleration (2, -1); a shaking camera's comes
back, and noise is not found again at all. So k is fitted as the video goes, by least squares over a
window around each cell and over the frames so far, the older the less:

    [sum D1.D1 + r   sum D1.D2    ]  k  =  [sum D1.seen + KEPT r]
    [sum D1.D2       sum D2.D2 + r]        [sum D2.seen         ]

Source: choice; a second-order autoregression, the linear prediction of Yule 1927, fitted online.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.averages import gaussian_blur
from vstm.ops.warp import warp_batch, warp_within

WINDOW_DEVIATION = 16.0  # pixels of the frames
MEMORY = 0.95  # of the sums, from one frame to the next
REGULARISATION = 4.0  # r, squared pixels of the frames; towards KEPT of the last motion
KEPT = 0.88
LARGEST = (2.0, 1.0)  # |k1|, |k2|


class Course(NamedTuple):
    """The motion so far, moved along with what moves.

    Attributes:
      last: D1, the motion seen last, [B, h, w, 2], pixels of its map.
      before: D2, the one before, likewise.
      sums: windowed, of D1.D1, D1.D2, D2.D2, D1.seen and D2.seen, [B, h, w, 5], squared pixels of
        the frames.
    """

    last: jax.Array
    before: jax.Array
    sums: jax.Array


def no_course(flow: Float[Array, "b h w 2"]) -> Course:
    """Before anything has moved, for flow of this shape and type."""
    zeros = jnp.zeros_like(flow)
    return Course(zeros, zeros, jnp.zeros((*flow.shape[:-1], 5), flow.dtype))


def follow(course: Course, seen: Float[Array, "b h w 2"], cell: int) -> Course:
    """Takes in the motion that was seen, beside what was known of it before.

    Args:
      course: before the frame.
      seen: the motion to the frame, pixels of its map.
      cell: pixels of the frames per pixel of the map.

    Returns:
      The course after it.
    """
    pairs = (
        (course.last, course.last), (course.last, course.before), (course.before, course.before),
        (course.last, seen), (course.before, seen),
    )  # fmt: skip
    products = jnp.stack([(one * other).sum(axis=-1) for one, other in pairs], axis=-1)
    sums = MEMORY * course.sums + gaussian_blur(cell * cell * products, WINDOW_DEVIATION / cell)
    return Course(*(warp_batch(maps, seen, warp_within) for maps in (seen, course.last, sums)))


def extrapolate(course: Course) -> Float[Array, "b h w 2"]:
    """The motion to the next frame, pixels of its map."""
    aa, ab, bb, a_seen, b_seen = jnp.moveaxis(course.sums, -1, 0)
    aa, bb = aa + REGULARISATION, bb + REGULARISATION
    a_seen = a_seen + KEPT * REGULARISATION
    determinant = aa * bb - ab * ab
    k1 = jnp.clip((bb * a_seen - ab * b_seen) / determinant, -LARGEST[0], LARGEST[0])
    k2 = jnp.clip((aa * b_seen - ab * a_seen) / determinant, -LARGEST[1], LARGEST[1])
    return k1[..., None] * course.last + k2[..., None] * course.before
