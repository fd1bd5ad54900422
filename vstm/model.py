"""The spatio-temporal video autoencoder: encoder, memory, flow head, warp and decoder.

    frames --E--> x_t --memory--> h_tau --Theta--> flow --H--> flow --S(x_tau, flow)--> --D--> Y~

Source: Figure 1.
"""

from typing import Any

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp

from vstm.modules.decoder import Decoder
from vstm.modules.encoder import Encoder
from vstm.modules.flow_head import FlowHead
from vstm.modules.memory import INITIAL_RANGE, ConvMemory, DenseMemory
from vstm.ops.recurrence import Carry
from vstm.ops.segments import scan_segments
from vstm.ops.smoothness import penalise_roughness
from vstm.ops.warp import upsample_flow, warp_batch, warp_within
from vstm.variants import Variant

MIN_DEVIATION = 0.02  # of a frame's intensities, so that noise on a flat frame stays small


@flax.struct.dataclass
class AutoencoderOutput:
    """What the autoencoder returns of its last n steps.

    Attributes:
      predictions: the decoder's output for the frame after each step's, [B, n, H, W, C]; logits
        where the model is trained by cross-entropy, else intensities (see
        `losses.output_intensity`).
      flows: [B, n, h, w, 2], backward, pixels of the feature map, (u, v) = (x right, y down).
      memory: state (c, h) of each layer after the last frame and, with a recurrent flow head, the
        flow; pass it with the next frames.
      features: the encoder's of the last frame, x_tau, [B, h, w, d].
    """

    predictions: jax.Array
    flows: jax.Array
    memory: tuple[Carry | jax.Array, ...]
    features: jax.Array

    @property
    def prediction(self) -> jax.Array:
        """Of frame tau + 1, [B, H, W, C]."""
        return self.predictions[:, -1]

    @property
    def flow(self) -> jax.Array:
        """After the last frame, [B, h, w, 2]."""
        return self.flows[:, -1]


class Autoencoder(nn.Module):
    """Predicts frame tau + 1 from frames 1 .. tau.

    Weights that convolutions transform first (see `vstm.ops.convolution.fourier`) can be prepared
    once for many calls with the same parameters and shape of frames, as streaming wants:

        _, prepared = model.apply(variables, frame, mutable=["prepared"])
        output = model.apply({**variables, **prepared}, frame, output.memory)

    Attributes:
      variant: the architecture.
      smoothness_delta: delta of the Huber penalty, pixels of flow a pixel.
      smoothness_weight: w_H, weight of the penalty in the gradient.
      convolution: the convolutions' implementation, see `vstm.ops.convolution.convolve`.
      segment: frames whose activations are kept for the backward pass, the others' being recomputed
        (see `vstm.ops.segments`); 0 for all.
      recurrent_flow: whether the flow head carries the flow from frame to frame.
      frame_size: (H, W) of the frames that it is trained on, which set the units of the flow head,
        see `FlowHead.map_size`; None: those of the present frames.
      residual: whether the last frame, moved along the flow, is added to the decoder's output,
        which then starts at zero; not for logits. (A choice: the paper's decoder makes the whole
        frame, and of real video, whose frames differ little, loses more than changes.)
      normalise_contrast: whether the encoder sees each frame with mean 0 and deviation 1, and the
        decoder's output is brought back to the last frame's; not for logits. (A choice: the texture
        of real video is a small part of its intensities, and motion is learnt from it.)
      returning_gradient: whether gradients that lead back pass the flow's clamp, see
        `flow_head.returning_clamp`.
      memory_initial_range: bound of the memory's weights at first.
      precision: of products and convolutions, one of `vstm.compiler.PRECISIONS`.

    Source: section 3.
    """

    variant: Variant
    smoothness_delta: float = 1e-3
    smoothness_weight: float = 1e-2
    convolution: str = "auto"
    segment: int = 0
    recurrent_flow: bool = False
    frame_size: tuple[int, int] | None = None
    residual: bool = False
    normalise_contrast: bool = False
    memory_initial_range: float = INITIAL_RANGE
    returning_gradient: bool = False
    precision: str = "float32"

    def __call__(
        self,
        frames: jax.Array,
        memory: tuple[Any, ...] | None = None,
        *,
        num_predictions: int = 1,
    ) -> AutoencoderOutput:
        """Feeds frames and predicts the one after the last.

        Args:
          frames: [B, tau, H, W, C], intensities in [0, 1].
          memory: state to go on from; None for zeros, the start of a sequence.
          num_predictions: steps n, the last ones, after each of which the next frame is predicted;
            1 to tau.

        Returns:
          Predictions, flows and the new state.

        Raises:
          ValueError: a frame size that the encoder's poolings don't divide, another number of
            predictions, or segments together with a recurrent flow head or several predictions.
        """
        with jax.default_matmul_precision(self.precision):
            return self._predict(frames, memory, num_predictions)

    @nn.compact
    def _predict(
        self, frames: jax.Array, memory: tuple[Any, ...] | None, n: int
    ) -> AutoencoderOutput:
        if not 1 <= n <= frames.shape[1]:
            raise ValueError(f"num_predictions={n}: expected 1 to {frames.shape[1]} frames")
        if self.segment and (self.recurrent_flow or n > 1):
            raise ValueError(
                "a recurrent flow head and several predictions need the outputs of several steps: "
                "no segments"
            )
        previous_flow: jax.Array | None = None
        if self.recurrent_flow and memory is not None:
            memory, previous_flow = memory[:-1], memory[-1]
        frames = jnp.swapaxes(frames, 0, 1)
        last_frames = frames[-n:]
        mean: jax.Array | float = 0.0
        deviation: jax.Array | float = 1.0
        if self.normalise_contrast:
            all_means, all_deviations = _statistics(frames)
            frames = (frames - all_means) / all_deviations
            mean, deviation = all_means[-n:], all_deviations[-n:]

        if self.segment and not self.is_initializing():
            params = self.variables["params"]
            encoder, memory_module = self._recurrent_modules(parent=None)

            def advance(memory, frames):
                features: Any = encoder.apply({"params": params["encoder"]}, frames)
                advanced: Any = memory_module.apply({"params": params["memory"]}, features, memory)
                memory, outputs = advanced
                return memory, (features[-1], outputs[-1])

            memory, (last, output) = scan_segments(advance, memory, frames, self.segment)
            features, outputs = last[None], output[None]
        else:
            encoder, memory_module = self._recurrent_modules(parent=self)
            all_features = encoder(frames)
            memory, outputs = memory_module(all_features, memory)
            features = all_features[-n:]
            outputs = outputs if self.recurrent_flow else outputs[-n:]

        raw_flows = self._flow_head()(outputs, previous_flow)[-n:]
        flows = penalise_roughness(
            raw_flows, delta=self.smoothness_delta, weight=self.smoothness_weight
        )
        warped = jax.vmap(warp_batch)(features, flows)
        decoded = self._decoder(frames.shape[-1], parent=self)(warped)
        enlarged = upsample_flow(flows, self.variant.downsampling)
        moved = jax.vmap(jax.vmap(warp_within))(last_frames, enlarged) if self.residual else mean
        predictions = moved + deviation * decoded
        if self.recurrent_flow:
            memory = (*memory, flows[-1])
        return AutoencoderOutput(
            predictions=jnp.swapaxes(predictions, 0, 1),
            flows=jnp.swapaxes(flows, 0, 1),
            memory=memory,
            features=features[-1],
        )

    def unmoved(self, params: Any, frame: jax.Array, features: jax.Array) -> jax.Array:
        """The prediction if the flow were zero.

        Args:
          params: the autoencoder's parameters.
          frame: the last frame, [B, H, W, C].
          features: its features, `AutoencoderOutput.features`.

        Returns:
          As `AutoencoderOutput.prediction`.
        """
        decoder = self._decoder(frame.shape[-1], parent=None)
        with jax.default_matmul_precision(self.precision):
            decoded: Any = decoder.apply({"params": params["decoder"]}, features)
        mean, deviation = _statistics(frame) if self.normalise_contrast else (0.0, 1.0)
        return (frame if self.residual else mean) + deviation * decoded

    def _decoder(self, channels: int, parent: nn.Module | None) -> Decoder:
        features = (*self.variant.encoder_features[-2::-1], channels)
        return Decoder(
            features,
            self.convolution,
            zero_start=self.residual,
            name="decoder",
            parent=parent,
        )

    def _flow_head(self) -> FlowHead:
        downsampling, size = self.variant.downsampling, self.frame_size
        map_size = None if size is None else (size[0] // downsampling, size[1] // downsampling)
        return FlowHead(
            self.variant.pointwise_flow,
            self.convolution,
            recurrent=self.recurrent_flow,
            map_size=map_size,
            returning_gradient=self.returning_gradient,
            name="flow_head",
        )

    def _recurrent_modules(self, parent: nn.Module | None) -> tuple[nn.Module, nn.Module]:
        """Encoder and memory, the modules that see every frame."""
        variant, conv = self.variant, self.convolution
        encoder = Encoder(variant.encoder_features, conv, name="encoder", parent=parent)
        if variant.memory == "conv":
            return encoder, ConvMemory(
                variant.memory_features,
                variant.memory_kernel_size,
                conv,
                self.memory_initial_range,
                name="memory",
                parent=parent,
            )
        return encoder, DenseMemory(
            variant.memory_features, self.memory_initial_range, name="memory", parent=parent
        )


def _statistics(frames: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Mean and deviation of each frame [..., H, W, C], both [..., 1, 1, 1]."""
    mean = jnp.mean(frames, axis=(-3, -2, -1), keepdims=True)
    variance = jnp.mean(jnp.square(frames - mean), axis=(-3, -2, -1), keepdims=True)
    return mean, jnp.sqrt(variance + MIN_DEVIATION**2)
