"""The spatio-temporal video autoencoder: encoder, memory, flow head, warp and decoder.

    frames --E--> x_t --memory--> h_tau --Theta--> flow --H--> flow --S(x_tau, flow)--> --D--> Y~

Source: Figure 1.
"""

from typing import Any

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp

from vstm.decoder import Decoder
from vstm.encoder import Encoder
from vstm.flow_head import FlowHead
from vstm.memory import ConvMemory, DenseMemory, MemoryState
from vstm.segments import scan_segments
from vstm.smoothness import penalise_roughness
from vstm.variants import Variant
from vstm.warp import warp_batch


@flax.struct.dataclass
class AutoencoderOutput:
    """What the autoencoder returns.

    Attributes:
      prediction: the decoder's output for frame tau + 1, [B, H, W, C]; a logit where the model is
        trained by cross-entropy, else an intensity (see `losses.output_intensity`).
      flow: [B, h, w, 2], backward, pixels of the feature map, (u, v) = (x right, y down).
      memory: state (c, h) of each layer after the last frame; pass it with the next frames.
    """

    prediction: jax.Array
    flow: jax.Array
    memory: MemoryState


class Autoencoder(nn.Module):
    """Predicts frame tau + 1 from frames 1 .. tau.

    Weights that convolutions transform first (see `vstm.fourier_convolution`) can be prepared once
    for many calls with the same parameters and shape of frames, as streaming wants:

        _, prepared = model.apply(variables, frame, mutable=["prepared"])
        output = model.apply({**variables, **prepared}, frame, output.memory)

    Attributes:
      variant: the architecture.
      smoothness_delta: delta of the Huber penalty, pixels of flow a pixel.
      smoothness_weight: w_H, weight of the penalty in the gradient.
      convolution: the convolutions' implementation, see `vstm.convolution`.
      segment: frames whose activations are kept for the backward pass, the others' being recomputed
        (see `vstm.segments`); 0 for all.

    Source: section 3.
    """

    variant: Variant
    smoothness_delta: float = 1e-3
    smoothness_weight: float = 1e-2
    convolution: str = "auto"
    segment: int = 0

    @nn.compact
    def __call__(self, frames: jax.Array, memory: MemoryState | None = None) -> AutoencoderOutput:
        """Feeds frames and predicts the one after the last.

        Args:
          frames: [B, tau, H, W, C], intensities in [0, 1].
          memory: state to go on from; None for zeros, the start of a sequence.

        Returns:
          Prediction, flow and the new state.

        Raises:
          ValueError: a frame size that the encoder's poolings don't divide.
        """
        variant, conv = self.variant, self.convolution
        decoder_features = (*variant.encoder_features[-2::-1], frames.shape[-1])
        frames = jnp.swapaxes(frames, 0, 1)

        if self.segment and not self.is_initializing():
            params = self.variables["params"]
            encoder, memory_module = self._recurrent_modules(parent=None)

            def advance(memory, frames):
                features: Any = encoder.apply({"params": params["encoder"]}, frames)
                advanced: Any = memory_module.apply({"params": params["memory"]}, features, memory)
                memory, outputs = advanced
                return memory, (features[-1], outputs[-1])

            memory, last = scan_segments(advance, memory, frames, self.segment)
            features, output = last
        else:
            encoder, memory_module = self._recurrent_modules(parent=self)
            all_features = encoder(frames)
            memory, outputs = memory_module(all_features, memory)
            features, output = all_features[-1], outputs[-1]

        flow = penalise_roughness(
            FlowHead(variant.pointwise_flow, conv, name="flow_head")(output),
            delta=self.smoothness_delta,
            weight=self.smoothness_weight,
        )
        prediction = Decoder(decoder_features, conv, name="decoder")(warp_batch(features, flow))
        return AutoencoderOutput(prediction=prediction, flow=flow, memory=memory)

    def _recurrent_modules(self, parent: nn.Module | None) -> tuple[nn.Module, nn.Module]:
        """Encoder and memory, the modules that see every frame."""
        variant, conv = self.variant, self.convolution
        encoder = Encoder(variant.encoder_features, conv, name="encoder", parent=parent)
        if variant.memory == "conv":
            return encoder, ConvMemory(variant.memory_features, conv, name="memory", parent=parent)
        return encoder, DenseMemory(variant.memory_features, name="memory", parent=parent)
