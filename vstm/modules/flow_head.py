"""Flow head Theta: regresses one flow vector a feature pixel from the memory's output."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vstm.modules.conv_layer import Conv2D
from vstm.modules.model_config import ModelConfig

KERNEL_SIZE = 15
GATE_KERNEL_SIZE = 7
NORMALISED_LIMIT = 0.5
KEPT_LOGIT = 4.0  # before training, 0.98 of the motion is kept

zeros = nn.initializers.zeros


def flow_limit(height: int, width: int) -> tuple[float, float]:
    """Largest |u| and |v| that a flow head returns, pixels: a quarter of the map it is trained on.

    Source: the authors' code.
    """
    return NORMALISED_LIMIT * width / 2, NORMALISED_LIMIT * height / 2


def clamped_share(flow: Float[Array, "*b h w 2"], map_size: tuple[int, int]) -> Float[Array, ""]:
    """Share of a flow head's output elements that are at the limit, in [0, 1].

    Args:
      flow: of maps of any size.
      map_size: height and width of the map that the head is meant for, `ModelConfig.map_size`.
    """
    return jnp.mean(jnp.abs(flow) >= jnp.array(flow_limit(*map_size), flow.dtype))


def clamp(x: jax.Array) -> jax.Array:
    """Normalised flow [..., 2] at most 0.5 each way. Source: the authors' code."""
    return jnp.clip(x, -NORMALISED_LIMIT, NORMALISED_LIMIT)


@jax.custom_vjp
def returning_clamp(x: jax.Array) -> jax.Array:
    """`clamp` of a flow [..., 2], but beyond the limit, gradients that lead back pass.

    A gradient step goes against the gradient: from beyond the limit it leads back where gradient
    and x have one sign. The plain clamp's gradient is zero there, so that what has once left stays.

    Source: choice.
    """
    return clamp(x)


def _returning_clamp_bwd(x, gradient):
    passes = (jnp.abs(x) <= NORMALISED_LIMIT) | (gradient * x > 0)
    return (jnp.where(passes, gradient, 0.0),)


returning_clamp.defvjp(lambda x: (clamp(x), x), _returning_clamp_bwd)


class FlowHead(nn.Module):
    """Two 15x15 convolutions, optionally a 1x1 one, a learnable scale for u and v, a clamp.

    The scales map to normalised coordinates, in which the map spans [-1, 1], and start at 2/w
    and 2/h, so that the convolutions' outputs are pixels at initialisation. The normalised flow
    is clamped to [-0.5, 0.5]. The last convolution starts at zero, hence so does the flow.

    A recurrent head moves each frame's flow only a part of the way from the previous frame's to
    the regressed one, by a gate of each element:

        flow_t = flow_{t-1} + g_t (Theta(h_t) - flow_{t-1}),  g_t = sigmoid(conv(h_t))

    With tracking, the head keeps a part of the extrapolated motion, and adds to it:

        flow_t = k_t extrapolated_t + Theta(h_t),  k_t = sigmoid(conv(h_t) + 4), one k a cell

    Attributes:
      config: of the network; the head reads `pointwise_flow`, `recurrent_flow`, `tracking`,
        `returning_gradient` and `map_size`, the map whose normalised coordinates are meant: a head
        that was trained on one map gives the same flow, in pixels, on a larger one.
      convolution: the convolutions' implementation, see `vstm.ops.convolution.convolve`.

    Source: section 3.2.2 and the authors' code (scales, clamp, zero 1x1); the zero start of the
    second 15x15 convolution where there is no 1x1 one is a choice. The recurrence is named in
    section 5.2 without an equation; this one is a choice.
    """

    config: ModelConfig
    convolution: str = "auto"

    @nn.compact
    def __call__(self, memory: jax.Array, previous: jax.Array | None = None) -> jax.Array:
        """Memory outputs to the flow after each of them, in pixels of their map.

        Args:
          memory: [tau, B, h, w, d].
          previous: flow of the frame before the first, [B, h, w, 2]; None for zero. With tracking,
            the extrapolated motion of each step, [tau, B, h, w, 2]. Else not read.

        Returns:
          [tau, B, h, w, 2].
        """
        height, width = self.config.map_size
        pixels = jnp.array([width / 2, height / 2], memory.dtype)
        scale = self.param("scale", lambda key: 1 / pixels)
        normalised = self._regress(memory) * scale
        limited = returning_clamp if self.config.returning_gradient else clamp
        if self.config.tracking:
            assert previous is not None
            keep = Conv2D(1, GATE_KERNEL_SIZE, zeros, self.convolution, name="keep")(memory)
            kept = nn.sigmoid(keep + KEPT_LOGIT) * previous
            return limited(normalised + kept / pixels) * pixels
        regressed = limited(normalised) * pixels
        if not self.config.recurrent_flow:
            return regressed
        gate = nn.sigmoid(
            Conv2D(2, GATE_KERNEL_SIZE, convolution=self.convolution, name="gate")(memory)
        )

        def advance(flow, inputs):
            regressed, gate = inputs
            flow = flow + gate * (regressed - flow)
            return flow, flow

        start = jnp.zeros_like(regressed[0]) if previous is None else previous
        return jax.lax.scan(advance, start, (regressed, gate))[1]

    def _regress(self, memory: jax.Array) -> jax.Array:
        """Memory outputs [..., h, w, d] to the convolutions' output [..., h, w, 2]."""
        sizes = (KERNEL_SIZE, KERNEL_SIZE) + (1,) * self.config.pointwise_flow
        xavier = nn.initializers.xavier_uniform()
        raw = memory
        for layer, kernel_size in enumerate(sizes, start=1):
            init = zeros if layer == len(sizes) else xavier
            raw = Conv2D(2, kernel_size, kernel_init=init, convolution=self.convolution)(raw)
        return raw
