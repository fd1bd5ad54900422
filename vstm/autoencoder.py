"""The spatio-temporal video autoencoder: encoder, memory, flow head, warp and decoder.

    frames --E--> x_t --memory--> h_tau --Theta--> flow --H--> flow --S(x_tau, flow)--> --D--> Y~

Source: Figure 1.
"""

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp

from vstm.decoder import Decoder
from vstm.encoder import Encoder
from vstm.flow_head import FlowHead
from vstm.memory import ConvMemory, DenseMemory, MemoryState
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

    Attributes:
      variant: the architecture.
      smoothness_delta: delta of the Huber penalty, pixels of flow a pixel.
      smoothness_weight: w_H, weight of the penalty in the gradient.

    Source: section 3.
    """

    variant: Variant
    smoothness_delta: float = 1e-3
    smoothness_weight: float = 1e-2

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
        variant = self.variant
        memory_module = {"conv": ConvMemory, "fc": DenseMemory}[variant.memory]
        decoder_features = (*variant.encoder_features[-2::-1], frames.shape[-1])

        features = Encoder(variant.encoder_features, name="encoder")(jnp.swapaxes(frames, 0, 1))
        memory, outputs = memory_module(variant.memory_features, name="memory")(features, memory)
        flow = penalise_roughness(
            FlowHead(variant.pointwise_flow, name="flow_head")(outputs[-1]),
            delta=self.smoothness_delta,
            weight=self.smoothness_weight,
        )
        warped = warp_batch(features[-1], flow)
        prediction = Decoder(decoder_features, name="decoder")(warped)
        return AutoencoderOutput(prediction=prediction, flow=flow, memory=memory)
