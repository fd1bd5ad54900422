"""How maps are cut for Fourier convolution: sizes of tiles and strips that suit maps and kernel.

Source: choice, by measurement on CPUs.
"""

from vstm.ops.convolution.fourier import FourierConvolution
from vstm.ops.convolution.tiling import Tiling

MANY_TILES = 20  # from so many on, products are limited by arithmetic, not by reading weights
LARGEST_STRIP = 64  # tiles that are convolved at once, if a row of them is not more
MANY_COEFFICIENTS = 50_000_000  # of one kernel: 200 MB in float32


def plan_fourier_convolution(
    size: tuple[int, ...], kernel_shape: tuple[int, ...], batch: int
) -> FourierConvolution:
    """A convolution for maps of a size, with a tiling that suits it.

    Large tiles need fewer products, but the coefficients of all tiles in the batch are the rows of
    a product whose other factor are the weights: with too few, products only wait for weights.
    Tiles of at most 32 rows and 16 columns are halved until `MANY_TILES` of them make up a batch;
    and further while the coefficients of the kernel are many.

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
        coefficients = rows.period * columns.period * kernel_shape[2] * kernel_shape[3]
        tiles = num_rows * num_columns * batch
        tall = rows.outputs >= columns.outputs
        enough = tiles >= MANY_TILES and (
            coefficients <= MANY_COEFFICIENTS or tiles >= 2 * MANY_TILES
        )
        if enough or max(rows.outputs, columns.outputs) < 16:
            break
        num_rows, num_columns = (2 * num_rows, num_columns) if tall else (num_rows, 2 * num_columns)
    in_strip = min(num_rows, max(1, LARGEST_STRIP // (num_columns * batch)))
    num_strips = -(-num_rows // in_strip)
    if num_strips > 1:
        rows = Tiling(in_strip * rows.outputs, kernel_size[0], in_strip, alone=False)
    return FourierConvolution(rows, columns, height, num_strips)
