"""The transforms of Fourier convolution: a bilinear algorithm in matrix products.

In each tile of the maps (see `vstm.fourier_convolution`)

    y = C ((A x) . (B w))                         a bilinear algorithm

where A, B and C are fixed matrices and . multiplies, for each coefficient, the [maps, i] matrix of
the tiles by the [i, o] matrix of the weights. The coefficients are those of the polynomial product
modulo z^N + 1, whose N roots exp(i pi (2q+1) / N) come in conjugate pairs and are all complex:

    X[q] = sum_p x[p] exp(-i theta_q p)           theta_q = pi (2q + 1) / N
    W[q] = sum_k w[k] exp(+i theta_q k)           a correlation, hence the sign
    y[p] = 1/N sum_q X[q] W[q] exp(+i theta_q p)

along rows and columns. Maps are real, so half of the row frequencies do. A complex product is made
of three real ones (Karatsuba): with x = (r, i, r + i) of each factor, m = x w and

    re = m_0 - m_1,   im = m_2 - m_0 - m_1.

The three are rows of A and B, the sums belong to C, so that all that runs is real matrix products,
which is what a CPU does best; fast transforms would save little at such lengths.

Source: the "fast algorithms" of Winograd (1980) and Lavin and Gray (2016), with roots of unity for
points, which keep float32 accurate (Toom-Cook points lose three digits at this length).
"""

from dataclasses import dataclass
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

REAL_PRODUCTS = 3  # real products that one complex product takes


@dataclass(frozen=True)
class Tiling:
    """How one axis of the maps is cut.

    Attributes:
      size: pixels of the axis.
      kernel: pixels of the kernel.
      num_tiles: tiles side by side.
    """

    size: int
    kernel: int
    num_tiles: int

    @property
    def before(self) -> int:
        """Pixels that the kernel reaches back from an output."""
        return (self.kernel - 1) // 2

    @property
    def outputs(self) -> int:
        """Output pixels of a tile."""
        return -(-self.size // self.num_tiles)

    @property
    def positions(self) -> range:
        """Input pixels of a tile, relative to its first output."""
        if self.num_tiles == 1:  # around the map are zeros
            return range(self.size)
        return range(-self.before, self.outputs + self.kernel - 1 - self.before)

    @property
    def period(self) -> int:
        """N, even: outputs within the tile must not meet inputs that wrapped around."""
        reach = max(self.before, self.kernel - 1 - self.before)
        length = self.size + reach if self.num_tiles == 1 else len(self.positions)
        return length + length % 2


def analyse(first: np.ndarray, second: np.ndarray, maps: jax.Array) -> jax.Array:
    """Rows, then columns: maps [h, w, b, c] to coefficients [P, b, c].

    Args:
      first: [2 F, h], real to F complex row frequencies.
      second: [3 N, 2 w], complex columns to N frequencies in three parts.
      maps: the maps.
    """
    rows = transform_rows(first, maps)
    each = jnp.broadcast_to(jnp.asarray(second), (len(rows), *second.shape))
    _, _, batch, features = maps.shape
    coefficients = jnp.einsum("fqw,fwx->fqx", each, rows.reshape(*rows.shape[:2], -1))
    return coefficients.reshape(-1, batch, features)


def transform_rows(first: np.ndarray, maps: jax.Array) -> jax.Array:
    """Maps [h, w, b, c] to [F, 2 w, b, c]: real and imaginary part for each of F frequencies."""
    height, width, batch, features = maps.shape
    rows = jnp.asarray(first) @ maps.reshape(height, -1)
    return rows.reshape(len(first) // 2, 2 * width, batch, features)


def synthesise_columns(second: np.ndarray, coefficients: jax.Array) -> jax.Array:
    """Coefficients [P, b, c] of F row frequencies to [F, 2 w, b, c]: real and imaginary parts.

    Args:
      second: [2 w, 3 N].
      coefficients: the coefficients.
    """
    _, batch, features = coefficients.shape
    coefficients = coefficients.reshape(-1, second.shape[1], batch * features)
    each = jnp.broadcast_to(second, (len(coefficients), *second.shape))
    return jnp.einsum("fwq,fqx->fwx", each, coefficients).reshape(-1, len(second), batch, features)


def synthesise_rows(first: np.ndarray, rows: jax.Array) -> jax.Array:
    """Row frequencies [F, 2 w, b, c] to maps [h, w, b, c].

    Args:
      first: [h, 2 F].
      rows: real and imaginary parts.
    """
    maps = jnp.asarray(first) @ rows.reshape(first.shape[1], -1)
    return maps.reshape(len(first), -1, *rows.shape[2:])


def _angles(tiling: Tiling) -> np.ndarray:
    return np.pi * (2 * np.arange(tiling.period) + 1) / tiling.period


def _real_rows(waves: np.ndarray) -> np.ndarray:
    """[F, p] complex to [2 F, p]: real and imaginary part of each frequency."""
    return np.stack([waves.real, waves.imag], axis=1).reshape(-1, waves.shape[1])


def _three_parts(waves: np.ndarray) -> np.ndarray:
    """[N, p] complex to [3 N, 2 p]: (r, i, r + i) of the product with a complex column (r; i)."""
    real = np.concatenate([waves.real, -waves.imag], axis=1)
    imaginary = np.concatenate([waves.imag, waves.real], axis=1)
    parts = np.stack([real, imaginary, real + imaginary], axis=1)
    return parts.reshape(REAL_PRODUCTS * len(waves), -1)


def _half(tiling: Tiling) -> np.ndarray:
    """One angle of each conjugate pair."""
    return _angles(tiling)[: tiling.period // 2]


@lru_cache
def input_matrices(rows: Tiling, columns: Tiling, dtype: np.dtype) -> tuple:
    """A: rows [2 F, h], columns [3 N, 2 w], for `analyse`."""
    first = _real_rows(np.exp(-1j * np.outer(_half(rows), rows.positions)))
    second = _three_parts(np.exp(-1j * np.outer(_angles(columns), columns.positions)))
    return first.astype(dtype), second.astype(dtype)


@lru_cache
def kernel_matrices(rows: Tiling, columns: Tiling, dtype: np.dtype) -> tuple:
    """B: rows [2 F, k], columns [3 N, 2 l], for `analyse`."""
    offsets = [np.arange(tiling.kernel) - tiling.before for tiling in (rows, columns)]
    first = _real_rows(np.exp(1j * np.outer(_half(rows), offsets[0])))
    second = _three_parts(np.exp(1j * np.outer(_angles(columns), offsets[1])))
    return first.astype(dtype), second.astype(dtype)


@lru_cache
def output_matrices(rows: Tiling, columns: Tiling, dtype: np.dtype) -> tuple:
    """C: columns [2 w, 3 N], rows [h, 2 F], for `synthesise_columns` and `synthesise_rows`."""
    waves = np.exp(1j * np.outer(np.arange(columns.outputs), _angles(columns))) / columns.period
    re, im = waves.real, waves.imag
    # e (re + i im) with re = m_0 - m_1 and im = m_2 - m_0 - m_1
    real = np.stack([re + im, im - re, -im], axis=2)
    imaginary = np.stack([im - re, -im - re, re], axis=2)
    second = np.concatenate([part.reshape(len(waves), -1) for part in (real, imaginary)])
    # The other half of each conjugate pair: twice the real part.
    waves = 2 * np.exp(1j * np.outer(np.arange(rows.outputs), _half(rows))) / rows.period
    first = np.stack([waves.real, -waves.imag], axis=2).reshape(len(waves), -1)
    return second.astype(dtype), first.astype(dtype)
