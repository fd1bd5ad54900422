"""What the autoencoder carries from frame to frame, and what it returns."""

from typing import Any

import flax.struct
import jax


@flax.struct.dataclass
class State:
    """What the autoencoder carries from frame to frame.

    Attributes:
      layers: (c, h) of each memory layer, each [B, h, w, n], or [B, units] of an `fc` memory.
      flow: of the last frame, [B, h, w, 2], with a recurrent flow head or tracking; else None.
      frame: the last frame, [B, H, W, C], with tracking; else None.
      course: a `vstm.ops.extrapolation.Course`, with tracking; else None.
      agreement: a `vstm.ops.detail.Agreement`, with softening; else None.
    """

    layers: Any  # a MemoryState; JAX fills pytrees with other things than arrays, too
    flow: Any = None
    frame: Any = None
    course: Any = None
    agreement: Any = None

    @property
    def output(self) -> jax.Array:
        """The memory's output: h of its last layer."""
        return self.layers[-1][1]


@flax.struct.dataclass
class Output:
    """What the autoencoder returns of its last n steps.

    Attributes:
      predictions: of the frame after each step's, [B, n, H, W, C]; logits or intensities, see
        `ModelConfig.output` and `Autoencoder.intensity`.
      flows: [B, n, h, w, 2], backward, pixels of the feature map, (u, v) = (x right, y down).
      state: after the last frame; pass it with the next frames.
      features: of the last frame, [B, h, w, d], that the flow moves and the decoder decodes: the
        encoder's, x_tau; with `decoder_memory`, followed by the memory's output.
    """

    predictions: Any
    flows: Any
    state: State
    features: Any

    @property
    def prediction(self) -> jax.Array:
        """Of frame tau + 1, [B, H, W, C]."""
        return self.predictions[:, -1]

    @property
    def flow(self) -> jax.Array:
        """After the last frame, [B, h, w, 2]."""
        return self.flows[:, -1]
