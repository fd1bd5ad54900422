"""Grid generator and image sampler: moves a map along a dense flow.

Flow is backward and in pixels of the map that it moves: the output at (x, y) is the input at
(x + u, y + v). Outside the map the input counts as zero.

Source: section 3.2.3, eq. 4 (Jaderberg et al. 2015).
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.enlargement import enlarge
from vstm.ops.separately import separately


def sampling_grid(flow: Float[Array, "h w 2"]) -> Float[Array, "h w 2"]:
    """Source position (x + u, y + v) of every output pixel.

    Args:
      flow: (u, v) = (x right, y down), pixels.

    Returns:
      (x_s, y_s), pixels, 0 at the centre of the first column or row; in at least float32, as half
      the precision does not tell the columns of a wide map apart.

    Source: eq. 4.
    """
    height, width, _ = flow.shape
    x, y = jnp.meshgrid(jnp.arange(width), jnp.arange(height))
    at_least_float32 = flow.astype(flow.dtype if flow.dtype.itemsize >= 4 else jnp.float32)
    return jnp.stack([x, y], axis=-1).astype(at_least_float32.dtype) + at_least_float32


def bilinear_sample(
    features: Float[Array, "h w d"], grid: Float[Array, "p q 2"]
) -> Float[Array, "p q d"]:
    """Samples a map at real positions, bilinearly, zero outside.

    The corners are floor and floor + 1. (With floor and ceil both corners coincide at integer
    positions and the gradient with respect to the position vanishes there, so that a flow head
    that starts at zero never learns.) At integer positions the gradient is the right-hand one.

    Args:
      features: the map.
      grid: positions (x, y) in pixels of the map.

    Returns:
      The values at the positions.

    Source: section 3.2.3 (Jaderberg et al. 2015, eq. 5).
    """
    # Two rows and columns of zeros around: positions further off are brought to corners that are.
    height, width, _ = features.shape
    wide = jnp.pad(features, ((2, 2), (2, 2), (0, 0)))
    x, y = jnp.clip(grid[..., 0], -2, width), jnp.clip(grid[..., 1], -2, height)
    return _sample(wide, x + 2, y + 2)


def warp(features: Float[Array, "h w d"], flow: Float[Array, "h w 2"]) -> Float[Array, "h w d"]:
    """Moves one map along one flow: output(x, y) = features(x + u, y + v).

    Args:
      features: the map.
      flow: (u, v) = (x right, y down), pixels of the map.

    Returns:
      The moved map.

    Raises:
      ValueError: the flow of a map of another size.

    Source: section 3.2.3.
    """
    _check(features, flow)
    return _as(features, bilinear_sample(features, sampling_grid(flow)))


def warp_within(frame: Float[Array, "h w d"], flow: Float[Array, "h w 2"]) -> Float[Array, "h w d"]:
    """As `warp`, but with the border repeated outside, where the gradient of the flow is zero.

    Args:
      frame: the map.
      flow: (u, v) = (x right, y down), pixels of the map.

    Returns:
      The moved map.

    Raises:
      ValueError: the flow of a map of another size.

    Source: choice, for frames, of which nothing outside is known.
    """
    _check(frame, flow)
    # One more row and column: the gradient on the border itself is the right-hand one, too.
    height, width, _ = frame.shape
    wide = jnp.pad(frame, ((0, 1), (0, 1), (0, 0)), mode="edge")
    grid = sampling_grid(flow)
    x, y = _within(grid[..., 0], width - 1), _within(grid[..., 1], height - 1)
    return _as(frame, _sample(wide, x, y))


def _as(features: jax.Array, moved: jax.Array) -> jax.Array:
    """What was moved in the precision that it had before, as positions may have more."""
    real = jnp.issubdtype(features.dtype, jnp.floating)
    return moved.astype(features.dtype) if real else moved


def _within(position: jax.Array, last: int) -> jax.Array:
    """Brings positions to 0 .. last; on both ends, unlike `jnp.clip`'s, the derivative is 1."""
    return jnp.where(position < 0, 0, jnp.where(position > last, last, position))


def _check(features: jax.Array, flow: jax.Array) -> None:
    expected = (*features.shape[:-1], 2)
    if flow.shape != expected:
        raise ValueError(
            f"flow of shape {flow.shape}, for maps of shape {features.shape} expected {expected}; "
            "see `upsample_flow` for the flow of a map in a larger one"
        )


@separately
def _sample(
    maps: Float[Array, "h w d"], x: Float[Array, "p q"], y: Float[Array, "p q"]
) -> Float[Array, "p q d"]:
    """Samples maps bilinearly at positions whose four corners are inside.

    The corners are neighbours in the flattened maps, so that one index says where all are.
    """
    _, width, features = maps.shape
    left, top = (jax.lax.stop_gradient(jnp.floor(position)) for position in (x, y))
    right, down = (x - left)[..., None], (y - top)[..., None]
    pixels = maps.reshape(-1, features)
    first = width * top.astype(jnp.int32) + left.astype(jnp.int32)
    first = jnp.clip(first, 0, len(pixels) - width - 2)  # whatever becomes of NaN

    def value(offset: int) -> jax.Array:
        return pixels.at[first + offset].get(mode="promise_in_bounds")

    above = (1 - right) * value(0) + right * value(1)
    below = (1 - right) * value(width) + right * value(width + 1)
    return (1 - down) * above + down * below


def warp_batch(
    features: Float[Array, "*b h w d"],
    flow: Float[Array, "*b h w 2"],
    move: Callable[[jax.Array, jax.Array], jax.Array] = warp,
) -> Float[Array, "*b h w d"]:
    """Moves each map of any leading axes along its own flow, by `warp` or `warp_within`.

    Raises:
      ValueError: the flow of maps of another size or number.
    """
    _check(features, flow)
    for _ in features.shape[:-3]:
        move = jax.vmap(move)
    return move(features, flow)


def upsample_flow(flow: Float[Array, "*b h w 2"], factor: int) -> Float[Array, "*b H W 2"]:
    """The flow of a map in pixels of a larger one, nearest neighbour.

    Args:
      flow: pixels of its own map.
      factor: pixels of the larger map a pixel, along one side.

    Returns:
      Flow of the larger map, H = factor h, W = factor w, in its pixels.
    """
    return factor * jnp.repeat(jnp.repeat(flow, factor, axis=-3), factor, axis=-2)


def bilinear_flow(flow: Float[Array, "*b h w 2"], factor: int) -> Float[Array, "*b H W 2"]:
    """As `upsample_flow`, but interpolated bilinearly between the cells' centres."""
    return factor * enlarge(flow, factor=factor)
