"""Metrics of predicted frames, one scalar per frame; frames are [..., h, w, c] in [0, 1].

A predicted frame is clipped to [0, 1] first, by each of them: what is scored is what can be shown.

Source: sections 5.1 and 5.2 of the paper (cross-entropy, squared error); the clipping is a choice.
"""

import math

import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.losses.reconstruction import binary_cross_entropy
from vstm.metrics.structural_similarity import (
    SSIM_WINDOW,
    structural_similarity,
    uniform_structural_similarity,
)

_PIXEL_AXES = (-3, -2, -1)


def cross_entropy(
    logits: Float[Array, "*b h w c"], target: Float[Array, "*b h w c"]
) -> Float[Array, "*b"]:
    """Mean binary cross-entropy over a frame's pixels, nats per pixel."""
    return jnp.mean(binary_cross_entropy(logits, target), axis=_PIXEL_AXES)


def nats_per_frame(
    logits: Float[Array, "*b h w c"], target: Float[Array, "*b h w c"]
) -> Float[Array, "*b"]:
    """Binary cross-entropy summed over a frame's pixels, nats per frame.

    Source: Srivastava, Mansimov, Salakhutdinov 2015, who report it.
    """
    return math.prod(target.shape[-3:]) * cross_entropy(logits, target)


def mean_squared_error(
    prediction: Float[Array, "*b h w c"], target: Float[Array, "*b h w c"]
) -> Float[Array, "*b"]:
    """Mean squared intensity error of the prediction clipped to [0, 1], over a frame's pixels."""
    return jnp.mean(jnp.square(_clipped(prediction) - target), axis=_PIXEL_AXES)


def mean_absolute_error(
    prediction: Float[Array, "*b h w c"], target: Float[Array, "*b h w c"]
) -> Float[Array, "*b"]:
    """Mean absolute intensity error of the prediction clipped to [0, 1], over a frame's pixels."""
    return jnp.mean(jnp.abs(_clipped(prediction) - target), axis=_PIXEL_AXES)


def psnr(
    prediction: Float[Array, "*b h w c"], target: Float[Array, "*b h w c"]
) -> Float[Array, "*b"]:
    """Peak signal-to-noise ratio of the prediction clipped to [0, 1], dB for a peak of 1.

    Infinite for a perfect prediction.
    """
    return -10 * jnp.log10(mean_squared_error(prediction, target))


def ssim(
    prediction: Float[Array, "*b h w c"], target: Float[Array, "*b h w c"]
) -> Float[Array, "*b"]:
    """Structural similarity of the prediction clipped to [0, 1], see `structural_similarity`.

    Raises:
      ValueError: frames less than 11 pixels high or wide.
    """
    height, width = target.shape[-3:-1]
    if min(height, width) < SSIM_WINDOW:
        raise ValueError(
            f"SSIM of frames of {height}x{width} pixels; expected at least {SSIM_WINDOW}x"
            f"{SSIM_WINDOW}"
        )
    return structural_similarity(_clipped(prediction), target)


def uniform_ssim(
    prediction: Float[Array, "*b h w c"], target: Float[Array, "*b h w c"]
) -> Float[Array, "*b"]:
    """Of the prediction clipped to [0, 1], see `uniform_structural_similarity`."""
    return uniform_structural_similarity(_clipped(prediction), target)


def _clipped(prediction: Float[Array, "*n"]) -> Float[Array, "*n"]:
    return jnp.clip(prediction, 0, 1)
