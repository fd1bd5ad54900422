"""Predictions of several frames ahead, each fed back as the next input."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from vstm.model import Autoencoder
from vstm.state import Output


class Rollout(NamedTuple):
    """Predictions after the last frames of a sequence, and further ahead.

    Attributes:
      predictions: of n + m - 1 frames, [B, n + m - 1, H, W, C]: the last m of them, but for the
        first of these, from predictions; see `Output.predictions`.
      flows: that lead to them, see `Output.flows`.
      inputs: the frame before each of them, [B, n + m - 1, H, W, C], intensities in [0, 1].
    """

    predictions: jax.Array
    flows: jax.Array
    inputs: jax.Array


def roll_out(
    model: Autoencoder,
    params: Any,
    frames: jax.Array,
    *,
    num_frames: int,
    num_predictions: int = 1,
    penalise: Callable[[jax.Array], jax.Array] | None = None,
) -> Rollout:
    """Predicts the frames after the last ones of a sequence, and then on from predictions.

    What is fed back are the predictions' intensities, clipped to [0, 1]; of logits, the
    probabilities. Gradients pass through them.

    Args:
      model: the autoencoder.
      params: its parameters.
      frames: [B, tau, H, W, C], intensities in [0, 1].
      num_frames: m, predicted after the last frame, at least 1.
      num_predictions: n, predicted each after one of the last n frames, see `Autoencoder`.
      penalise: see `Autoencoder`.

    Raises:
      ValueError: no frame to be predicted, or see `Autoencoder`.

    Source: choice; the paper predicts one frame. Fed back in training as well: Ranzato et al. 2014.
    """
    if num_frames < 1:
        raise ValueError(f"num_frames={num_frames}: expected 1 or more")

    def feed(frames: jax.Array, state: Any, n: int) -> Output:
        output: Any = model.apply(
            {"params": params}, frames, state, num_predictions=n, penalise=penalise
        )
        return output

    def step(last: tuple[jax.Array, Any], _: None) -> Any:
        prediction, state = last
        frame = jnp.clip(model.intensity(prediction), 0, 1)
        output = feed(frame[:, None], state, 1)
        return (output.prediction, output.state), (output.prediction, output.flow, frame)

    seen = feed(frames, None, num_predictions)
    given = (seen.predictions, seen.flows, frames[:, frames.shape[1] - num_predictions :])
    if num_frames == 1:
        return Rollout(*given)
    last = seen.prediction, seen.state
    _, further = jax.lax.scan(step, last, length=num_frames - 1)
    return Rollout(
        *(
            jnp.concatenate([first, jnp.swapaxes(others, 0, 1)], axis=1)
            for first, others in zip(given, further, strict=True)
        )
    )


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
      The decoder's outputs for frames tau + 1 .. tau + n, [B, n, H, W, C]; see `roll_out`.

    Raises:
      ValueError: see `roll_out`.

    Source: choice; the paper predicts one frame.
    """
    return roll_out(model, params, frames, num_frames=num_frames).predictions
