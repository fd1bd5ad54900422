"""The spatio-temporal video autoencoder: encoder, memory, flow head, warp and decoder.

    frames --E--> x_t --memory--> h_tau --Theta--> flow --H--> flow --S(x_tau, flow)--> --D--> Y~

Source: Figure 1.
"""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from vstm.compiler import in_precision
from vstm.modules.decoder import Decoder
from vstm.modules.encoder import Encoder
from vstm.modules.flow_head import FlowHead
from vstm.modules.memory import MemoryState, make_memory
from vstm.modules.model_config import ModelConfig
from vstm.ops.contrast import contrast
from vstm.ops.detail import soften
from vstm.ops.warp import bilinear_flow, upsample_flow, warp_batch, warp_within
from vstm.state import Output, State
from vstm.tracking import start, track_frame

_BROADCAST = ("params", "prepared")  # to all steps of a scan


class Autoencoder(nn.Module):
    """Predicts frame tau + 1 from frames 1 .. tau.

    The call takes sequences, batch first. Its three steps take and return maps with time first,
    [T, B, h, w, d], as the memory scans them.

    Weights that convolutions transform first (see `vstm.ops.convolution.fourier`) can be prepared
    once for many calls with the same parameters and shape of frames, as streaming wants:

        _, prepared = model.apply(variables, frame, mutable=["prepared"])
        output = model.apply({**variables, **prepared}, frame, output.state)

    Attributes:
      config: the network.
      convolution: the convolutions' implementation, see `vstm.ops.convolution.convolve`.
      precision: of products and convolutions, one of `vstm.compiler.PRECISIONS`.
      segment: frames whose activations are kept for the backward pass, the others' being recomputed
        segment by segment; 0 for all. Memory then grows with tau / segment states and the
        activations of one segment, time by a forward pass (Chen et al. 2016).
      unroll: frames in one iteration of the compiled recurrence; 1 for the smallest program.

    Source: section 3.
    """

    config: ModelConfig
    convolution: str = "auto"
    precision: str = "float32"
    segment: int = 0
    unroll: int = 1

    def setup(self) -> None:
        config, convolution = self.config, self.convolution
        self.encoder = Encoder(config.encoder_features, convolution)
        self.memory = make_memory(config, convolution, unroll=self.unroll)
        self.flow_head = FlowHead(config, convolution)
        self.decoder = Decoder(
            config.encoder_features[-2::-1], convolution, zero_start=config.residual
        )

    def __call__(
        self,
        frames: jax.Array,
        state: State | None = None,
        *,
        num_predictions: int = 1,
        penalise: Callable[[jax.Array], jax.Array] | None = None,
    ) -> Output:
        """Feeds frames and predicts the one after the last.

        Args:
          frames: [B, tau, H, W, C], intensities in [0, 1].
          state: previous state; None for zeros, the start of a sequence.
          num_predictions: steps n, the last ones, after each of which the next frame is predicted;
            1 to tau.
          penalise: H, applied to the flow before the warp; returns it unchanged and adds to its
            gradient, see `vstm.ops.smoothness.penalise_roughness`. None outside of training.

        Returns:
          Predictions, flows and the new state.

        Raises:
          ValueError: other frames, a size that the encoder's poolings don't divide, another number
            of predictions, or segments where the outputs of several steps are needed.
        """
        if frames.ndim != 5 or not jnp.issubdtype(frames.dtype, jnp.floating):
            found = f"frames of {frames.dtype} and shape {frames.shape}"
            raise ValueError(f"{found}: expected real numbers in [0, 1], [B, tau, H, W, C]")
        n = num_predictions
        if not 1 <= n <= frames.shape[1]:
            raise ValueError(f"num_predictions={n}: expected 1 to {frames.shape[1]} frames")
        if self.segment and (self.config.recurrent_flow or self.config.tracking or n > 1):
            raise ValueError("recurrent flow, tracking, several predictions: no segments")
        frames = jnp.swapaxes(frames, 0, 1)
        gains = None
        if self.config.tracking:
            (features, outputs, flows, gains), state = self.track(frames, state)
        else:
            features, outputs, layers = self.remember(frames, state)
            flows = self.flow(outputs if self.config.recurrent_flow else outputs[-n:], state)
            state = State(layers, flows[-1] if self.config.recurrent_flow else None)
        features, flows, gains = jax.tree.map(lambda each: each[-n:], (features, flows, gains))
        if penalise is not None:
            flows = penalise(flows)
        if self.config.decoder_memory:
            features = jnp.concatenate([features, outputs[-n:]], axis=-1)
        predictions = self.predict(frames[-n:], features, flows, gains)
        return Output(
            predictions=jnp.swapaxes(predictions, 0, 1),
            flows=jnp.swapaxes(flows, 0, 1),
            state=state,
            features=features[-1],
        )

    @in_precision
    def track(
        self, frames: jax.Array, state: State | None = None
    ) -> tuple[tuple[jax.Array, jax.Array, jax.Array, jax.Array | None], State]:
        """Takes frames in one by one, each beside the flow that was predicted for it.

        Returns:
          Features x_t [T, B, h, w, d], the memory's outputs h_t [T, B, h, w, m], the flows
          [T, B, h, w, 2] and, with softening, gains; the state. Arguments: see `remember`.

        Source: choice, see `vstm.tracking`.
        """
        if state is None:
            state = start(self.config, frames[0])
        if len(frames) == 1:  # so that weights can be initialised and prepared
            state, steps = track_frame(self, state, frames[0])
            return jax.tree.map(lambda each: each[None], steps), state
        once: Any = {"variable_broadcast": _BROADCAST, "split_rngs": {"params": False}}
        state, steps = nn.scan(track_frame, **once, unroll=self.unroll)(self, state, frames)
        return steps, state

    @in_precision
    def remember(
        self, frames: jax.Array, state: State | None = None
    ) -> tuple[jax.Array, jax.Array, MemoryState]:
        """Encodes frames and takes them into the memory.

        Args:
          frames: [T, B, H, W, C], intensities in [0, 1].
          state: before them; None for zeros.

        Returns:
          Features x_t [T, B, h, w, d], the memory's outputs h_t [T, B, h, w, m], with `segment`
          both of the last frame alone; (c, h) of each layer after the last frame.

        Source: sections 3.1 and 3.2.1.
        """
        if self.config.normalise_contrast:
            mean, deviation = contrast(frames)
            frames = (frames - mean) * (1 / deviation)  # see `vstm.tracking`
        layers = None if state is None else state.layers
        if not self.segment:
            return _advance(self, frames, layers)

        def last(module: "Autoencoder", layers: MemoryState | None, frames: jax.Array) -> Any:
            features, outputs, layers = _advance(module, frames, layers)
            return features[-1:], outputs[-1:], layers

        recomputed = nn.remat(last)
        first = (len(frames) - 1) % self.segment + 1  # which takes the remainder
        reached = recomputed(self, layers, frames[:first])
        segments = frames[first:].reshape(-1, self.segment, *frames.shape[1:])
        if not len(segments):
            return reached
        scan = nn.scan(
            lambda module, reached, frames: (recomputed(module, reached[2], frames), None),
            variable_broadcast=_BROADCAST,
            split_rngs={"params": False},
        )
        return scan(self, reached, segments)[0]

    @in_precision
    def flow(self, outputs: jax.Array, state: State | None = None) -> jax.Array:
        """The flow to the next frame after each of the memory's outputs.

        Args:
          outputs: of `remember`, [T, B, h, w, m].
          state: before them, whose flow a recurrent head starts from; None for zeros.

        Returns:
          [T, B, h, w, 2], backward, pixels of the map.

        Source: section 3.2.2.
        """
        return self.flow_head(outputs, None if state is None else state.flow)

    @in_precision
    def predict(
        self, frame: jax.Array, features: jax.Array, flow: jax.Array, gains: jax.Array | None = None
    ) -> jax.Array:
        """Warps the features of frames by the flow and decodes them; any leading axes.

        Args:
          frame: the last frame, [..., H, W, C], intensities in [0, 1].
          features: its features, [..., h, w, d].
          flow: [..., h, w, 2]; zero for the prediction that nothing moves.
          gains: of the moved frame's detail, [..., h, w, n]; None for 1.

        Returns:
          The next frame, [..., H, W, C], see `Output.predictions`.

        Source: sections 3.1 and 3.2.3.
        """
        decoded = self.decoder(warp_batch(features, flow), frame.shape[-1])
        mean, deviation = contrast(frame) if self.config.normalise_contrast else (0.0, 1.0)
        if not self.config.residual:
            return mean + deviation * decoded
        moved = warp_batch(frame, self.enlarge(flow), warp_within)
        return (moved if gains is None else soften(moved, gains)) + deviation * decoded

    @nn.nowrap
    def enlarge(self, flow: jax.Array) -> jax.Array:
        """A map's flow [..., h, w, 2] as that of frames, [..., H, W, 2], in their pixels."""
        bilinear = self.config.flow_enlargement == "bilinear"
        return (bilinear_flow if bilinear else upsample_flow)(flow, self.config.downsampling)

    @nn.nowrap
    def intensity(self, predictions: jax.Array) -> jax.Array:
        """The frames that outputs represent: of logits, the sigmoid. Not clipped to [0, 1]."""
        return jax.nn.sigmoid(predictions) if self.config.output == "logit" else predictions


def _advance(
    model: Autoencoder, frames: jax.Array, layers: MemoryState | None
) -> tuple[jax.Array, jax.Array, MemoryState]:
    features = model.encoder(frames)
    layers, outputs = model.memory(features, layers)
    return features, outputs, layers
