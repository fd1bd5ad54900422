"""Tracking: the flow is carried on from frame to frame, and mended by what each new frame shows.

    seen_t = register(flow_{t-1}, Y_{t-1}, Y_t)         the motion to this frame, mended
    x_t    = E(Y_t, Y_t - S(Y_{t-1}, seen_t))           the frame, and what the motion leaves
    h_t    = memory(x_t, seen_t, seen_t - flow_{t-1})
    flow_t = Theta(h_t, extrapolate(seen_1 ... seen_t)) the motion to the next frame

Where the paper's network regresses each flow anew, this one follows the motion and regresses what
changes: a network that has learnt nothing yet carries it on. No gradient passes from one frame's
flow to the next one's but through the memory.

Source: choice. What is fed back is the error of a prediction, as in predictive coding (Rao and
Ballard 1999; Lotter, Kreiman, Cox 2017).
"""

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

from vstm.modules.model_config import ModelConfig
from vstm.ops.contrast import contrast
from vstm.ops.detail import agree, carry, gains, no_agreement
from vstm.ops.extrapolation import extrapolate, follow, no_course
from vstm.ops.registration import register
from vstm.ops.warp import warp_batch, warp_within
from vstm.state import State

if TYPE_CHECKING:
    from vstm.model import Autoencoder

UNEXPLAINED_WEIGHT = 3.0  # of what the motion leaves unexplained, beside the frame
SEEN_SCALE, MENDED_SCALE = 4.0, 2.0  # feature pixels that the memory sees as 1


def start(config: ModelConfig, frame: jax.Array) -> State:
    """The state before a sequence: zeros, and nothing has moved.

    Args:
      config: of the network, with tracking.
      frame: the first one, [B, H, W, C].
    """
    batch, height, width, _ = frame.shape
    size = (batch, height // config.downsampling, width // config.downsampling)
    layers = tuple((jnp.zeros((*size, n), frame.dtype),) * 2 for n in config.memory_features)
    agreement = no_agreement(frame, size[1:]) if config.softening else None
    flow = jnp.zeros((*size, 2), frame.dtype)
    return State(layers, flow, frame, no_course(flow), agreement)


def track_frame(
    model: "Autoencoder", state: State, frame: jax.Array
) -> tuple[State, tuple[jax.Array, jax.Array, jax.Array, jax.Array | None]]:
    """Takes one frame in; see the module.

    Args:
      model: whose encoder, memory and flow head are used.
      state: before the frame.
      frame: [B, H, W, C], intensities in [0, 1].

    Returns:
      The state after it; x_t [B, h, w, d], h_t [B, h, w, m] and flow_t [B, h, w, 2]; with
      `softening`, the gains of `vstm.ops.detail`, [B, h, w, n], else None.
    """
    predicted = jax.lax.stop_gradient(state.flow)
    seen = jax.lax.stop_gradient(register(predicted, state.frame, frame))
    unexplained = frame - warp_batch(state.frame, model.enlarge(seen), warp_within)
    mean, deviation = contrast(frame) if model.config.normalise_contrast else (0.0, 1.0)
    scale = 1 / deviation  # which XLA would form too, but not in programs for any batch
    inputs = [(frame - mean) * scale, UNEXPLAINED_WEIGHT * unexplained * scale]
    features = model.encoder(jnp.concatenate(inputs, axis=-1))
    motion = [seen / SEEN_SCALE, (seen - predicted) / MENDED_SCALE]
    memory_inputs = jnp.concatenate([features, *motion], axis=-1)
    layers, outputs = model.memory(memory_inputs[None], state.layers)
    course = follow(state.course, seen, model.config.downsampling)
    flow = model.flow_head(outputs, extrapolate(course)[None])[0]
    agreement, band_gains = state.agreement, None
    if model.config.softening:
        still = jax.lax.stop_gradient(flow)
        moved = warp_batch(frame, model.enlarge(still), warp_within)
        agreement = carry(agree(agreement, frame), still, moved)
        band_gains = gains(agreement)
    return State(layers, flow, frame, course, agreement), (features, outputs[0], flow, band_gains)
