"""Same-size convolution by products of Fourier coefficients, for the CPU.

A 7x7 convolution costs 49 multiplications an output and pair of features; here it costs about 3,
plus transforms. Maps are cut into tiles that overlap by the kernel's extent; each is transformed,
multiplied by the transformed weights and transformed back (see
`vstm.ops.convolution.fourier_transform`). Tiles of a strip of rows are computed at once; strips
follow each other in a loop, so that neither the program nor what it holds beside the maps grows
with the frame.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.ops.convolution.fourier_transform import (
    analyse,
    conjugate,
    input_matrices,
    kernel_matrices,
    multiply,
    output_matrices,
    perpendicular,
    synthesise,
    transform_columns,
    transform_rows,
)
from vstm.ops.convolution.tiling import Tiling, cut, overlapping

Coefficients = jax.Array  # [P, i, 2 o]: real parts, then imaginary parts


@dataclass(frozen=True)
class FourierConvolution:
    """The convolution of maps of one size with kernels of one size.

    Maps are arranged as [h, w, B, c], filled up with zeros to whole tiles, so that whole pixels are
    moved when tiles are cut, and transforms are matrix products. See
    `vstm.ops.convolution.convolve` for the definition.

    Attributes:
      rows: how the height of a strip is cut.
      columns: how the width is cut.
      height: of the maps.
      num_strips: strips of rows, one below the other.
    """

    rows: Tiling
    columns: Tiling
    height: int
    num_strips: int = 1

    def arrange(self, maps: Float[Array, "b h w c"]) -> Float[Array, "p q b c"]:
        """Maps in the layout that `__call__` takes."""
        return self._fill(maps.transpose(1, 2, 0, 3))

    def restore(self, arranged: Float[Array, "p q b c"]) -> Float[Array, "b h w c"]:
        """Inverse of `arrange`."""
        return arranged[: self.height, : self.columns.size].transpose(2, 0, 1, 3)

    def prepare(self, kernel: Float[Array, "k l i o"]) -> Coefficients:
        """Weights that `__call__` takes: coefficients B w of a kernel."""
        first, second = kernel_matrices(self.rows, self.columns, kernel.dtype)
        return _side_by_side(analyse(first, second, kernel))

    def prepare_transposed(self, kernel: Float[Array, "k l i o"]) -> Coefficients:
        """Weights that `pull` takes: of the transposed kernel, the conjugate coefficients."""
        first, second = kernel_matrices(self.rows, self.columns, kernel.dtype)
        return _side_by_side(analyse(first, conjugate(second), kernel.swapaxes(2, 3)))

    def __call__(
        self, arranged: Float[Array, "p q b i"], weights: Coefficients
    ) -> Float[Array, "p q b o"]:
        """Convolves arranged maps with prepared weights."""
        input_first, input_second = input_matrices(self.rows, self.columns, arranged.dtype)
        output_second, output_first = output_matrices(self.rows, self.columns, arranged.dtype)

        def convolve(strip):
            windows = analyse(input_first, input_second, self._windows(strip))
            return self._join(synthesise(output_second, output_first, multiply(windows, weights)))

        outputs = _over_strips(convolve, self._strips(arranged))
        return outputs.reshape(-1, *outputs.shape[2:])

    def pull(
        self, d_outputs: Float[Array, "p q b o"], transposed: Coefficients
    ) -> Float[Array, "p q b i"]:
        """Cotangent of the maps from that of the outputs."""
        input_first, input_second = input_matrices(self.rows, self.columns, d_outputs.dtype)
        output_second, output_first = output_matrices(self.rows, self.columns, d_outputs.dtype)
        height, width, batch, _ = d_outputs.shape
        num_inputs = transposed.shape[-1] // 2
        windows = _transpose(
            self._windows, (self._strip_height, width, batch, num_inputs), d_outputs.dtype
        )
        strips = _transpose(self._strips, (height, width, batch, num_inputs), d_outputs.dtype)

        def pull(d_strip):
            tiles = analyse(output_first.T, output_second.T, self._tiles(d_strip))
            return windows(synthesise(input_second.T, input_first.T, multiply(tiles, transposed)))

        return strips(_over_strips(pull, self._split(d_outputs)))

    def kernel_gradient(self, arranged: jax.Array, d_outputs: jax.Array) -> jax.Array:
        """Cotangent of the kernel, summed over tiles and batch.

        One row frequency after the other, so that the coefficients of all maps and of the weights
        are never in memory together.
        """
        input_first, input_second = input_matrices(self.rows, self.columns, arranged.dtype)
        output_second, output_first = output_matrices(self.rows, self.columns, arranged.dtype)
        kernel_first, kernel_second = kernel_matrices(self.rows, self.columns, arranged.dtype)
        num_inputs, num_outputs = arranged.shape[-1], d_outputs.shape[-1]
        frequencies = self.columns.period

        def at_frequency(rows):
            inputs, d_outputs = (each[None] for each in rows)
            d_coefficients = transform_columns(output_second.T, d_outputs)
            d_weights = [
                jnp.einsum(
                    "qbi,qbo->qio",
                    transform_columns(second, inputs).reshape(frequencies, -1, num_inputs),
                    d_coefficients.reshape(frequencies, -1, num_outputs),
                )
                for second in (input_second, perpendicular(input_second))
            ]
            parts = jnp.stack(d_weights, axis=1).reshape(2 * frequencies, -1)
            return kernel_second.T @ parts

        def of_strip(strips):
            inputs, d_outputs = strips
            windows, tiles = self._windows(inputs), self._tiles(d_outputs)
            d_rows = jax.lax.map(
                at_frequency,
                (transform_rows(input_first, windows), transform_rows(output_first.T, tiles)),
            )
            return kernel_first.T @ d_rows.reshape(len(kernel_first), -1)

        strips = self._strips(arranged), self._split(d_outputs)
        d_kernel = _over_strips(of_strip, strips).sum(axis=0)
        return d_kernel.reshape(self.rows.kernel, self.columns.kernel, num_inputs, num_outputs)

    def merge_steps(self, arranged: Float[Array, "t p q b c"]) -> Float[Array, "p q t*b c"]:
        """Arranged maps of many steps as one batch."""
        steps, *pixels, batch, features = arranged.shape
        return jnp.moveaxis(arranged, 0, 2).reshape(*pixels, steps * batch, features)

    @property
    def _strip_height(self) -> int:
        """Rows of a strip with its margins."""
        height = self.rows.num_tiles * self.rows.outputs
        return height if self.num_strips == 1 else height + self.rows.kernel - 1

    def _fill(self, maps: jax.Array) -> jax.Array:
        """Maps [h, w, b, c], cut to the maps' size and filled up with zeros to whole tiles."""
        tall = self.num_strips * self.rows.num_tiles * self.rows.outputs
        wide = self.columns.num_tiles * self.columns.outputs
        maps = maps[: self.height, : self.columns.size]
        return jnp.pad(
            maps, ((0, tall - self.height), (0, wide - self.columns.size), (0, 0), (0, 0))
        )

    def _strips(self, arranged: jax.Array) -> jax.Array:
        """Strips with their margins, [s, h, w, b, c]; what is outside the maps is zero."""
        maps = self._fill(arranged)
        if self.num_strips == 1:
            return maps[None]
        before, margin = self.rows.before, self.rows.kernel - 1
        maps = jnp.pad(maps, ((before, margin - before), (0, 0), (0, 0), (0, 0)))
        step = self.rows.num_tiles * self.rows.outputs
        return overlapping(maps, 0, self.num_strips, step, step + margin)

    def _split(self, outputs: jax.Array) -> jax.Array:
        """Outputs [p, q, b, o] as strips without margins."""
        return outputs.reshape(self.num_strips, -1, *outputs.shape[1:])

    def _windows(self, strip: jax.Array) -> jax.Array:
        """Inputs of a strip's tiles, [rows, columns, t * b, c]."""
        tiles = cut(strip, 0, self.rows, has_margins=self.num_strips > 1)
        tiles = cut(tiles, 2, self.columns)
        rows, height, columns, width, batch, features = tiles.shape
        return tiles.transpose(1, 3, 0, 2, 4, 5).reshape(
            height, width, rows * columns * batch, features
        )

    def _tiles(self, strip: jax.Array) -> jax.Array:
        """Outputs of a strip by tile, [rows, columns, t * b, o]."""
        tall, wide = self.rows, self.columns
        *_, batch, features = strip.shape
        tiles = strip.reshape(
            tall.num_tiles, tall.outputs, wide.num_tiles, wide.outputs, batch, features
        )
        return tiles.transpose(1, 3, 0, 2, 4, 5).reshape(tall.outputs, wide.outputs, -1, features)

    def _join(self, tiles: jax.Array) -> jax.Array:
        """Inverse of `_tiles`."""
        tall, wide = self.rows, self.columns
        height, width, _, features = tiles.shape
        maps = tiles.reshape(height, width, tall.num_tiles, wide.num_tiles, -1, features)
        return maps.transpose(2, 0, 3, 1, 4, 5).reshape(
            tall.num_tiles * height, wide.num_tiles * width, -1, features
        )


def _side_by_side(coefficients: jax.Array) -> Coefficients:
    """Coefficients [P, 2, i, o] to [P, i, 2 o]; XLA's CPU joins faster than it transposes."""
    return jnp.concatenate([coefficients[:, 0], coefficients[:, 1]], axis=-1)


def _transpose(function, shape, dtype):
    """The transpose of a linear function of one array."""
    transpose = jax.linear_transpose(function, jax.ShapeDtypeStruct(shape, dtype))
    return lambda cotangent: transpose(cotangent)[0]


def _over_strips(function, strips):
    """Applies a function to each strip of an array or of several, one after the other."""
    if len(jax.tree.leaves(strips)[0]) == 1:
        return function(jax.tree.map(lambda each: each[0], strips))[None]
    return jax.lax.map(function, strips)
