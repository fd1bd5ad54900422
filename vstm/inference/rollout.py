"""Predictions of several frames ahead, each fed back as the next input."""

from typing import Any

import jax
import jax.numpy as jnp

from vstm.model import Autoencoder


def predict_ahead(
    model: Autoencoder, params: Any, frames: jax.Array, *, num_frames: int
) -> jax.Array:
    """Predicts the frames after a sequence, feeding predictions back as inputs.

    Args:
      model: the autoencoder.
      params: its parameters.
      frames: [B, tau, H, W, C], intensities in [0, 1].
      num_frames: n, at least 1.

    Returns:
      The decoder's outputs for frames tau + 1 .. tau + n, [B, n, H, W, C]. Their intensities,
      clipped to [0, 1], are what is fed back; of logits, the probabilities.

    Source: choice; the paper predicts one frame.
    """

    def feed(frames, state):
        output: Any = model.apply({"params": params}, frames, state)
        return output.prediction, output.state

    def step(carry, _):
        previous, state = carry
        frame = jnp.clip(model.intensity(previous), 0, 1)
        prediction, state = feed(frame[:, None], state)
        return (prediction, state), prediction

    first = feed(frames, None)
    _, others = jax.lax.scan(step, first, length=num_frames - 1)
    return jnp.swapaxes(jnp.concatenate([first[0][None], others]), 0, 1)
