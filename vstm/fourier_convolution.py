"""Same-size convolution by products of Fourier coefficients, for the CPU.

A 7x7 convolution costs 49 multiplications an output and pair of features; here it costs about 3,
plus transforms. Maps are cut into tiles that overlap by the kernel's extent; each is transformed,
multiplied by the transformed weights and transformed back (see `vstm.fourier_transform`).
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vstm.fourier_transform import (
    REAL_PRODUCTS,
    Tiling,
    analyse,
    input_matrices,
    kernel_matrices,
    output_matrices,
    synthesise_columns,
    synthesise_rows,
    transform_rows,
)

NUM_GROUPS = 2  # of frequencies
LARGEST_CHUNK = 32  # tiles that are convolved at once
MANY_COEFFICIENTS = 50_000_000  # of one kernel: 200 MB in float32

Coefficients = tuple[jax.Array, ...]  # [P, i, o] for each group of frequencies
Matrices = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class FourierConvolution:
    """The convolution of maps of one size with kernels of one size.

    Maps are arranged as [m, m', s, B, c]: pixels of a tile, tiles, batch, features. In this layout
    every transform is a matrix product without a transposition of data. Weights are prepared as
    coefficients [P, i, o]. See `vstm.convolution` for the definition.

    Attributes:
      rows: how the height is cut.
      columns: how the width is cut.
    """

    rows: Tiling
    columns: Tiling

    def arrange(self, maps: Float[Array, "b h w c"]) -> Float[Array, "m n s b c"]:
        """Maps in the layout that `__call__` takes."""
        tall, wide = self.rows, self.columns
        bottom = tall.num_tiles * tall.outputs - tall.size
        right = wide.num_tiles * wide.outputs - wide.size
        padded = jnp.pad(maps, ((0, 0), (0, bottom), (0, right), (0, 0)))
        batch, _, _, features = maps.shape
        tiles = padded.reshape(
            batch, tall.num_tiles, tall.outputs, wide.num_tiles, wide.outputs, features
        )
        return tiles.transpose(2, 4, 1, 3, 0, 5).reshape(
            tall.outputs, wide.outputs, -1, batch, features
        )

    def restore(self, arranged: Float[Array, "m n s b c"]) -> Float[Array, "b h w c"]:
        """Inverse of `arrange`."""
        return self._join(arranged).transpose(2, 0, 1, 3)

    def prepare(self, kernel: Float[Array, "k l i o"]) -> Coefficients:
        """Weights that `__call__` takes: coefficients B w of a kernel."""
        first, second = kernel_matrices(self.rows, self.columns, kernel.dtype)
        return tuple(analyse(first[group], second, kernel) for group in self._groups())

    def __call__(
        self, arranged: Float[Array, "m n s b i"], weights: Coefficients
    ) -> Float[Array, "m n s b o"]:
        """Convolves arranged maps with prepared weights."""
        analysis = input_matrices(self.rows, self.columns, arranged.dtype)
        synthesis = output_matrices(self.rows, self.columns, arranged.dtype)

        def convolve(arranged):
            outputs = self._multiply(analysis, synthesis, self._windows(arranged), weights)
            return outputs.reshape(*arranged.shape[:-1], -1)

        return _in_chunks(convolve, arranged)

    def prepare_transposed(self, kernel: Float[Array, "k l i o"]) -> Coefficients:
        """Weights that `pull` takes.

        Products with a transposed operand are up to five times slower than with a plain one.
        """
        return self.prepare(kernel.swapaxes(2, 3))

    def pull(
        self, d_outputs: Float[Array, "m n s b o"], transposed: Coefficients
    ) -> Float[Array, "m n s b i"]:
        """Cotangent of the maps from that of the outputs."""
        input_first, input_second = input_matrices(self.rows, self.columns, d_outputs.dtype)
        output_second, output_first = output_matrices(self.rows, self.columns, d_outputs.dtype)
        analysis = output_first.T, output_second.T
        synthesis = input_second.T, input_first.T

        def pull(d_outputs):
            tiles = d_outputs.reshape(*d_outputs.shape[:2], -1, d_outputs.shape[-1])
            windows = self._multiply(analysis, synthesis, tiles, transposed)
            shape = (*d_outputs.shape[:-1], windows.shape[-1])
            transpose = jax.linear_transpose(
                self._windows, jax.ShapeDtypeStruct(shape, d_outputs.dtype)
            )
            return transpose(windows)[0]

        return _in_chunks(pull, d_outputs)

    def kernel_gradient(self, arranged: jax.Array, d_outputs: jax.Array) -> jax.Array:
        """Cotangent of the kernel, summed over tiles and batch.

        One row frequency after the other, so that the coefficients of all maps and of the weights
        are never in memory together.
        """
        input_first, input_second = input_matrices(self.rows, self.columns, arranged.dtype)
        output_second, output_first = output_matrices(self.rows, self.columns, arranged.dtype)
        kernel_first, kernel_second = kernel_matrices(self.rows, self.columns, arranged.dtype)
        windows = self._windows(arranged)
        height, width, _, _, num_outputs = d_outputs.shape
        d_outputs = d_outputs.reshape(height, width, -1, num_outputs)

        def at_frequency(rows):
            inputs, d_outputs = rows
            products = jnp.einsum(
                "qbi,qbo->qio",
                jnp.einsum("qw,wbi->qbi", input_second, inputs),
                jnp.einsum("wq,wbo->qbo", output_second, d_outputs),
            )
            return jnp.einsum("ql,qio->lio", kernel_second, products)

        d_rows = jax.lax.map(
            at_frequency,
            (transform_rows(input_first, windows), transform_rows(output_first.T, d_outputs)),
        )
        num_inputs = arranged.shape[-1]
        d_kernel = jnp.asarray(kernel_first).T @ d_rows.reshape(len(kernel_first), -1)
        return d_kernel.reshape(self.rows.kernel, self.columns.kernel, num_inputs, num_outputs)

    def merge_steps(self, arranged: Float[Array, "t m n s b c"]) -> Float[Array, "m n s t*b c"]:
        """Arranged maps of many steps as one batch."""
        steps, *pixels, batch, features = arranged.shape
        return jnp.moveaxis(arranged, 0, 3).reshape(*pixels, steps * batch, features)

    def _groups(self) -> list[slice]:
        """The row frequencies in groups, as slices of their real and imaginary parts.

        XLA's CPU runs the products of one batched operation one after the other on one core, but
        independent operations at once.
        """
        frequencies = self.rows.period // 2
        num_groups = min(NUM_GROUPS, frequencies)
        edges = [2 * (frequencies * i // num_groups) for i in range(num_groups + 1)]
        return [slice(*pair) for pair in itertools.pairwise(edges)]

    def _multiply(
        self, analysis: Matrices, synthesis: Matrices, tiles: jax.Array, weights: Coefficients
    ) -> jax.Array:
        """Tiles [h, w, b, i] to coefficients, times weights [P, i, o], to tiles [h', w', b, o]."""
        (first, second), (columns, rows) = analysis, synthesis
        products = (
            jnp.einsum("pbi,pio->pbo", analyse(first[group], second, tiles), some)
            for group, some in zip(self._groups(), weights, strict=True)
        )
        # Joined before the last product, which XLA would otherwise fuse with all before it.
        joined = jnp.concatenate([synthesise_columns(columns, product) for product in products])
        return synthesise_rows(rows, joined)

    def _join(self, arranged: jax.Array) -> jax.Array:
        """Arranged maps to [h, w, b, c]."""
        tall, wide = self.rows, self.columns
        height, width, _, batch, features = arranged.shape
        tiles = arranged.reshape(height, width, tall.num_tiles, wide.num_tiles, batch, features)
        maps = tiles.transpose(2, 0, 3, 1, 4, 5).reshape(
            tall.num_tiles * height, wide.num_tiles * width, batch, features
        )
        return maps[: tall.size, : wide.size]

    def _windows(self, arranged: jax.Array) -> jax.Array:
        """Arranged maps to the tiles' inputs, [rows, columns, s * b, c]."""
        tall, wide = self.rows, self.columns
        if tall.num_tiles == wide.num_tiles == 1:
            return arranged[:, :, 0]
        margins = [
            (-tiling.positions.start, (tiling.num_tiles - 1) * tiling.outputs
             + tiling.positions.stop - tiling.size)
            for tiling in (tall, wide)
        ]  # fmt: skip
        padded = jnp.pad(self._join(arranged), (*margins, (0, 0), (0, 0)))
        tiles = [
            padded[top : top + len(tall.positions), left : left + len(wide.positions)]
            for top in range(0, tall.num_tiles * tall.outputs, tall.outputs)
            for left in range(0, wide.num_tiles * wide.outputs, wide.outputs)
        ]
        return jnp.concatenate(tiles, axis=2)


def plan_fourier_convolution(
    size: tuple[int, ...], kernel_shape: tuple[int, ...], batch: int
) -> FourierConvolution:
    """A convolution for maps of a size, with a tiling that suits it.

    Large tiles need fewer products, but their coefficients' matrices have as many rows as there are
    tiles in the batch: with too few, the products only wait for weights. Tiles of at most 32 rows
    and 16 columns are halved until 16 of them make up a batch; and further while the coefficients
    of the kernel are many. Measured on two cores with AVX-512 and 32 MiB of cache.

    Args:
      size: height and width of the maps.
      kernel_shape: (k, l, i, o).
      batch: maps that are convolved at once.

    Returns:
      The convolution.
    """
    (height, width), kernel_size = size, kernel_shape[:2]
    reach = max(max(kernel_size) - 7, 0)
    num_rows, num_columns = -(-height // (32 + reach)), -(-width // (16 + reach))
    while True:
        rows = Tiling(height, kernel_size[0], num_rows)
        columns = Tiling(width, kernel_size[1], num_columns)
        coefficients = REAL_PRODUCTS * rows.period * columns.period // 2 * kernel_shape[2]
        coefficients *= kernel_shape[3]
        tiles = num_rows * num_columns * batch
        tall = rows.outputs >= columns.outputs
        enough = tiles >= 16 and (coefficients <= MANY_COEFFICIENTS or tiles >= 2 * LARGEST_CHUNK)
        if enough or max(rows.outputs, columns.outputs) < 16:
            return FourierConvolution(rows, columns)
        num_rows, num_columns = (2 * num_rows, num_columns) if tall else (num_rows, 2 * num_columns)


def _in_chunks(function: Callable[[jax.Array], jax.Array], arranged: jax.Array) -> jax.Array:
    """Applies a function to arranged maps, a few maps at a time.

    The coefficients of more tiles than that don't stay in the caches.
    """
    tiles, batch = arranged.shape[2:4]
    num_chunks = -(-tiles * batch // LARGEST_CHUNK)
    if num_chunks == 1 or batch == 1:
        return function(arranged)
    chunks = jnp.array_split(arranged, min(num_chunks, batch), axis=3)
    return jnp.concatenate([function(chunk) for chunk in chunks], axis=3)
