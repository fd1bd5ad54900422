"""Memory modules: stacks of ConvLSTM or of peephole LSTM layers over the frames' features.

Both take features [tau, B, h, w, d], time first, and the state of each layer (or None: zeros), and
return the state after the last frame and the last layer's outputs as maps [tau, B, h, w, n].
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from vstm.modules.conv_layer import prepared_convolution
from vstm.modules.model_config import ModelConfig
from vstm.ops import conv_lstm, peephole_lstm
from vstm.ops.recurrence import Carry

MemoryState = tuple[Carry, ...]


def uniform_init(bound: float) -> nn.initializers.Initializer:
    """U(-bound, bound)."""

    def init(key, shape, dtype=float):
        return jax.random.uniform(key, shape, dtype, minval=-bound, maxval=bound)

    return init


def gate_bias_init(key: jax.Array, shape: tuple[int]) -> jax.Array:
    """Biases [4 n]: forget gates 1, the others 0, in the order i, f, c~, o. Source: section 4."""
    del key
    return jnp.repeat(jnp.array([0.0, 1.0, 0.0, 0.0]), shape[0] // 4)


class ConvLSTM(nn.Module):
    """Parameters of one `conv_lstm` layer.

    Takes maps [tau, B, h, w, d] and (c, h), or None for zeros; returns the last (c, h) and the
    outputs [tau, B, h, w, features].

    Attributes:
      features: memory maps n.
      kernel_size: side of the kernels, pixels.
      initial_range: bound of the weights' uniform distribution at initialisation.
      convolution: its implementation, see `vstm.ops.convolution.convolve`.
      unroll: see `vstm.ops.recurrence.gated_scan`.

    Source: section 4 (initialisation).
    """

    features: int
    kernel_size: int
    initial_range: float
    convolution: str = "auto"
    unroll: int = 1

    @nn.compact
    def __call__(self, inputs: jax.Array, carry: Carry | None) -> tuple[Carry, jax.Array]:
        n, k = self.features, self.kernel_size
        draw = uniform_init(self.initial_range)
        params = conv_lstm.ConvLSTMParams(
            self.param("input_kernel", draw, (k, k, inputs.shape[-1], 4 * n)),
            self.param("hidden_kernel", draw, (k, k, n, 4 * n)),
            self.param("bias", gate_bias_init, (4 * n,)),
        )
        if carry is None:
            carry = conv_lstm.zero_carry(params, inputs[0])
        tau, batch, *size, _ = inputs.shape
        convolution, prepared = prepared_convolution(
            self,
            self.convolution,
            tau * batch,
            tuple(size),
            conv_lstm.concatenated_kernel(params),
            batch,
        )
        return conv_lstm.conv_lstm_scan(
            params, carry, inputs, convolution, prepared, unroll=self.unroll
        )


class PeepholeLSTM(nn.Module):
    """Parameters of one `peephole_lstm` layer.

    Takes vectors [tau, B, d] and (c, h), or None for zeros; returns the last (c, h) and the outputs
    [tau, B, features].

    Attributes:
      features: units n.
      initial_range, unroll: as of `ConvLSTM`.

    Source: section 4 (initialisation); peepholes drawn like the kernels are a choice.
    """

    features: int
    initial_range: float
    unroll: int = 1

    @nn.compact
    def __call__(self, inputs: jax.Array, carry: Carry | None) -> tuple[Carry, jax.Array]:
        n = self.features
        draw = uniform_init(self.initial_range)
        params = peephole_lstm.PeepholeLSTMParams(
            self.param("input_kernel", draw, (inputs.shape[-1], 4 * n)),
            self.param("hidden_kernel", draw, (n, 4 * n)),
            self.param("peepholes", draw, (3, n)),
            self.param("bias", gate_bias_init, (4 * n,)),
        )
        if carry is None:
            carry = peephole_lstm.zero_carry(params, inputs[0])
        return peephole_lstm.peephole_lstm_scan(params, carry, inputs, unroll=self.unroll)


class ConvMemory(nn.Module):
    """ConvLSTM layers, one on the other.

    Attributes:
      features: memory maps of each layer.
      kernel_size: side of all kernels, pixels.
      initial_range, unroll: as of `ConvLSTM`.
      convolution: the convolutions' implementation, see `vstm.ops.convolution.convolve`.

    Source: section 3.2.1.
    """

    features: tuple[int, ...]
    kernel_size: int
    initial_range: float
    convolution: str = "auto"
    unroll: int = 1

    @nn.compact
    def __call__(
        self, features: jax.Array, state: MemoryState | None
    ) -> tuple[MemoryState, jax.Array]:
        carries = []
        for layer, num_features in enumerate(self.features):
            carry = None if state is None else state[layer]
            layer_module = ConvLSTM(
                num_features, self.kernel_size, self.initial_range, self.convolution, self.unroll
            )
            carry, features = layer_module(features, carry)
            carries.append(carry)
        return tuple(carries), features


class DenseMemory(nn.Module):
    """Dense projection of the flattened maps, then peephole LSTM layers, one on the other.

    The units of a layer count h * w * maps and are read as that many maps, row by row.

    Attributes:
      maps: memory maps of each layer.
      initial_range, unroll: as of `ConvLSTM`, of the LSTM layers.

    Source: section 5 (the fc variants); 2048 units = 8 maps of 16x16.
    """

    maps: tuple[int, ...]
    initial_range: float
    unroll: int = 1

    @nn.compact
    def __call__(
        self, features: jax.Array, state: MemoryState | None
    ) -> tuple[MemoryState, jax.Array]:
        tau, batch, height, width, _ = features.shape
        area = height * width
        projection = nn.Dense(area * self.maps[0], kernel_init=nn.initializers.xavier_uniform())
        units = projection(features.reshape(tau, batch, -1))
        carries = []
        for layer, num_maps in enumerate(self.maps):
            carry = None if state is None else state[layer]
            layer_module = PeepholeLSTM(area * num_maps, self.initial_range, self.unroll)
            carry, units = layer_module(units, carry)
            carries.append(carry)
        return tuple(carries), units.reshape(tau, batch, height, width, self.maps[-1])


def make_memory(
    config: ModelConfig, convolution: str = "auto", *, unroll: int = 1
) -> ConvMemory | DenseMemory:
    """The memory that a description asks for; `convolution` and `unroll` as of `ConvMemory`."""
    if config.memory == "fc":
        return DenseMemory(config.memory_features, config.memory_initial_range, unroll)
    return ConvMemory(
        config.memory_features,
        config.memory_kernel_size,
        config.memory_initial_range,
        convolution,
        unroll,
    )
