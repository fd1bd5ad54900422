"""Structural similarity of frames."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

SSIM_WINDOW = 11  # side, pixels
_SIGMA = 1.5
_C1, _C2 = 0.01**2, 0.03**2  # of intensities in [0, 1]

_offsets = np.arange(SSIM_WINDOW) - SSIM_WINDOW // 2
_bell = np.exp(-(_offsets**2) / (2 * _SIGMA**2))
_WEIGHTS = (_bell / _bell.sum()).tolist()


def structural_similarity(
    a: Float[Array, "*b h w c"], b: Float[Array, "*b h w c"]
) -> Float[Array, "*b"]:
    """Mean structural similarity of two frames in [0, 1], in [-1, 1].

    (2 m_a m_b + c1) (2 s_ab + c2) / ((m_a² + m_b² + c1) (s_a² + s_b² + c2)) with the means m,
    variances s² and covariance s_ab under a Gaussian window of 11x11 pixels, sigma 1.5; c1 = 0.01²,
    c2 = 0.03²; averaged over whole windows and channels.

    The window is a sum of shifted frames, down and then across: on a CPU that takes a twentieth of
    the time of XLA's convolution with one channel. Channels come first, as its loops are slow along
    a last axis of one.

    Source: Wang, Bovik, Sheikh, Simoncelli 2004, eq. 13.
    """
    a, b = jnp.moveaxis(a, -1, -3), jnp.moveaxis(b, -1, -3)
    mean_a, mean_b, squares, product = _blurred(jnp.stack([a, b, a * a + b * b, a * b]))
    means, squared_means = mean_a * mean_b, mean_a * mean_a + mean_b * mean_b
    covariance, variances = product - means, squares - squared_means
    similarity = (2 * means + _C1) * (2 * covariance + _C2)
    similarity /= (squared_means + _C1) * (variances + _C2)
    return jnp.mean(similarity, axis=(-3, -2, -1))


def _blurred(frames: Float[Array, "*b h w"]) -> Float[Array, "*b p q"]:
    for axis in (-2, -1):
        count = frames.shape[axis] - SSIM_WINDOW + 1
        shifted = [
            weight * jax.lax.slice_in_dim(frames, start, start + count, axis=axis)
            for start, weight in enumerate(_WEIGHTS)
        ]
        frames = sum(shifted[1:], start=shifted[0])
    return frames
