"""The transforms of Fourier convolution: a bilinear algorithm in matrix products.

In each tile of the maps (see `vstm.ops.convolution.fourier`)

    y = C ((A x) . (B w))                         a bilinear algorithm

where A, B and C are fixed matrices and . multiplies, for each coefficient, the [maps, i] matrix of
the tiles by the [i, o] matrix of the weights. The coefficients are those of the polynomial product
modulo z^N + 1, whose N roots exp(i pi (2q+1) / N) come in conjugate pairs and are all complex:

    X[q] = sum_p x[p] exp(-i theta_q p)           theta_q = pi (2q + 1) / N
    W[q] = sum_k w[k] exp(+i theta_q k)           a correlation, hence the sign
    y[p] = 1/N sum_q X[q] W[q] exp(+i theta_q p)

along rows and columns. Maps are real, so half of the row frequencies do. Real and imaginary parts
of X are rows, those of W columns of one real product, of whose four blocks the complex one is made:

    [ Xr ]                   [ Xr Wr   Xr Wi ]
    [ Xi ]  [ Wr  Wi ]   =   [ Xi Wr   Xi Wi ],       Y = (Xr Wr - Xi Wi) + i (Xr Wi + Xi Wr).

So all that runs is real matrix products, which is what a CPU does best; fast transforms would save
little at such lengths.

Source: the "fast algorithms" of Winograd (1980) and Lavin and Gray (2016), with roots of unity for
points, which keep float32 accurate (Toom-Cook points lose three digits at this length).
"""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

from vstm.ops.convolution.tiling import Tiling


def analyse(first: np.ndarray, second: np.ndarray, maps: jax.Array) -> jax.Array:
    """Rows, then columns: maps [h, w, b, c] to coefficients [P, 2, b, c].

    Args:
      first: [2 F, h], real to F complex row frequencies.
      second: [2 N, 2 w], complex columns to N frequencies.
      maps: the maps.

    Returns:
      Real and imaginary part of P = F N coefficients.
    """
    _, _, batch, features = maps.shape
    coefficients = transform_columns(second, transform_rows(first, maps))
    return coefficients.reshape(-1, 2, batch, features)


def transform_rows(first: np.ndarray, maps: jax.Array) -> jax.Array:
    """Maps [h, w, b, c] to [F, 2 w, b c]: real and imaginary part for each of F frequencies."""
    height, width, batch, features = maps.shape
    rows = jnp.asarray(first) @ maps.reshape(height, -1)
    return rows.reshape(len(first) // 2, 2 * width, batch * features)


def transform_columns(second: np.ndarray, rows: jax.Array) -> jax.Array:
    """Applies a matrix [p, q] to each row frequency, [F, q, x] to [F, p, x]."""
    each = jnp.broadcast_to(jnp.asarray(second), (len(rows), *second.shape))
    return jnp.einsum("fpq,fqx->fpx", each, rows)


def synthesise(second: np.ndarray, first: np.ndarray, coefficients: jax.Array) -> jax.Array:
    """Columns, then rows: coefficients [P, 2, b, c] to maps [h, w, b, c].

    Args:
      second: [2 w, 2 N].
      first: [h, 2 F].
      coefficients: real and imaginary parts.
    """
    _, _, batch, features = coefficients.shape
    by_row = coefficients.reshape(first.shape[1] // 2, second.shape[1], batch * features)
    rows = transform_columns(second, by_row)
    maps = jnp.asarray(first) @ rows.reshape(first.shape[1], -1)
    return maps.reshape(len(first), -1, batch, features)


def multiply(coefficients: jax.Array, weights: jax.Array) -> jax.Array:
    """Complex product for each coefficient: [P, 2, b, i] by [P, i, 2 o] to [P, 2, b, o]."""
    count, _, batch, num_inputs = coefficients.shape
    blocks = jnp.einsum(
        "pbi,pio->pbo", coefficients.reshape(count, 2 * batch, num_inputs), weights
    ).reshape(count, 2, batch, 2, -1)
    real = blocks[:, 0, :, 0] - blocks[:, 1, :, 1]
    imaginary = blocks[:, 0, :, 1] + blocks[:, 1, :, 0]
    return jnp.stack([real, imaginary], axis=1)


def _angles(tiling: Tiling) -> np.ndarray:
    return np.pi * (2 * np.arange(tiling.period) + 1) / tiling.period


def _half(tiling: Tiling) -> np.ndarray:
    """One angle of each conjugate pair."""
    return _angles(tiling)[: tiling.period // 2]


def _parts(waves: np.ndarray) -> np.ndarray:
    """[F, p] complex to [2 F, p]: real and imaginary part of each frequency."""
    return np.stack([waves.real, waves.imag], axis=1).reshape(-1, waves.shape[1])


def _of_complex(waves: np.ndarray) -> np.ndarray:
    """[N, p] complex to [2 N, 2 p]: parts of the product with a complex column (r; i)."""
    return _parts(np.concatenate([waves, 1j * waves], axis=1))


@lru_cache
def input_matrices(rows: Tiling, columns: Tiling, dtype: np.dtype) -> tuple:
    """A: rows [2 F, h], columns [2 N, 2 w], for `analyse`."""
    first = _parts(np.exp(-1j * np.outer(_half(rows), rows.positions)))
    second = _of_complex(np.exp(-1j * np.outer(_angles(columns), columns.positions)))
    return first.astype(dtype), second.astype(dtype)


@lru_cache
def kernel_matrices(rows: Tiling, columns: Tiling, dtype: np.dtype) -> tuple:
    """B: rows [2 F, k], columns [2 N, 2 l], for `analyse`."""
    offsets = [np.arange(tiling.kernel) - tiling.before for tiling in (rows, columns)]
    first = _parts(np.exp(1j * np.outer(_half(rows), offsets[0])))
    second = _of_complex(np.exp(1j * np.outer(_angles(columns), offsets[1])))
    return first.astype(dtype), second.astype(dtype)


@lru_cache
def output_matrices(rows: Tiling, columns: Tiling, dtype: np.dtype) -> tuple:
    """C: columns [2 w, 2 N], rows [h, 2 F], for `synthesise`."""
    waves = np.exp(1j * np.outer(np.arange(columns.outputs), _angles(columns))) / columns.period
    second = np.concatenate([_parts(part.T).T for part in (waves.conj(), (1j * waves.conj()))])
    # The other half of each conjugate pair: twice the real part.
    waves = 2 * np.exp(1j * np.outer(np.arange(rows.outputs), _half(rows))) / rows.period
    first = _parts(waves.conj().T).T
    return second.astype(dtype), first.astype(dtype)


def perpendicular(second: np.ndarray) -> np.ndarray:
    """A matrix [2 N, q] to coefficients that gives i times as much: (r, i) becomes (-i, r)."""
    pairs = second.reshape(-1, 2, second.shape[1])
    return np.stack([-pairs[:, 1], pairs[:, 0]], axis=1).reshape(second.shape)


def conjugate(second: np.ndarray) -> np.ndarray:
    """A matrix [2 N, q] to coefficients that gives their complex conjugates."""
    return second * np.tile([1.0, -1.0], len(second) // 2)[:, None].astype(second.dtype)
