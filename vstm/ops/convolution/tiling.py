"""Tiles: how an axis of maps is cut into pieces that overlap by the extent of a kernel.

Source: overlap-save (Stockham 1966), in two dimensions one after the other.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp


@dataclass(frozen=True)
class Tiling:
    """How one axis of the maps is cut.

    Attributes:
      size: pixels of the axis.
      kernel: pixels of the kernel.
      num_tiles: tiles side by side.
      alone: whether there are zeros around the axis, not more of the maps.
    """

    size: int
    kernel: int
    num_tiles: int
    alone: bool = True

    @property
    def before(self) -> int:
        """Pixels that the kernel reaches back from an output."""
        return (self.kernel - 1) // 2

    @property
    def outputs(self) -> int:
        """Output pixels of a tile."""
        return -(-self.size // self.num_tiles)

    @property
    def has_own_zeros(self) -> bool:
        """Whether the one tile takes no neighbours: what wraps around are its own zeros."""
        return self.num_tiles == 1 and self.alone

    @property
    def positions(self) -> range:
        """Input pixels of a tile, relative to its first output."""
        if self.has_own_zeros:
            return range(self.size)
        return range(-self.before, self.outputs + self.kernel - 1 - self.before)

    @property
    def period(self) -> int:
        """N, even: outputs within the tile must not meet inputs that wrapped around."""
        reach = max(self.before, self.kernel - 1 - self.before)
        length = self.size + reach if self.has_own_zeros else len(self.positions)
        return length + length % 2


def cut(maps: jax.Array, axis: int, tiling: Tiling, *, has_margins: bool = False) -> jax.Array:
    """Inputs of the tiles of an axis, [..., n, ...] to [..., tile, position, ...].

    What is outside the maps is zero, but for an axis that comes with its margins.
    """
    length = len(tiling.positions)
    if tiling.has_own_zeros:
        return jnp.expand_dims(jax.lax.slice_in_dim(maps, 0, length, axis=axis), axis)
    if not has_margins:
        margins = [(0, 0)] * maps.ndim
        margins[axis] = (tiling.before, tiling.kernel - 1 - tiling.before)
        maps = jnp.pad(maps, margins)
    return overlapping(maps, axis, tiling.num_tiles, tiling.outputs, length)


def overlapping(maps: jax.Array, axis: int, count: int, step: int, length: int) -> jax.Array:
    """Pieces of an axis that overlap: [..., n, ...] to [..., count, length, ...].

    Piece j starts at entry j step; the axis has (count - 1) step + length entries.
    """
    pieces = []
    for start in range(0, length, step):
        taken = min(step, length - start)
        stop = start + count * step
        missing = max(0, stop - maps.shape[axis])
        piece = jax.lax.slice_in_dim(maps, start, stop - missing, axis=axis)
        padding = [(0, missing if other == axis else 0) for other in range(maps.ndim)]
        piece = jnp.pad(piece, padding)
        piece = piece.reshape(*maps.shape[:axis], count, step, *maps.shape[axis + 1 :])
        pieces.append(jax.lax.slice_in_dim(piece, 0, taken, axis=axis + 1))
    return jnp.concatenate(pieces, axis=axis + 1)
