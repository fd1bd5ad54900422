"""A small convolutional LSTM: sizes, random arguments, and each of the convolutions."""

import jax.numpy as jnp
import numpy as np
import pytest

from vstm.ops.conv_lstm import ConvLSTMParams
from vstm.ops.convolution.direct import DirectConvolution
from vstm.ops.convolution.fourier import FourierConvolution
from vstm.ops.convolution.tiling import Tiling

TAU, BATCH, HEIGHT, WIDTH, INPUTS, MEMORY, KERNEL = 3, 2, 5, 4, 2, 3, 3

CONVOLUTIONS = {
    "direct": DirectConvolution((KERNEL, KERNEL)),
    "fourier": FourierConvolution(Tiling(HEIGHT, KERNEL, 1), Tiling(WIDTH, KERNEL, 1), HEIGHT),
    # tiles that the map doesn't fill
    "fourier tiles": FourierConvolution(
        Tiling(HEIGHT, KERNEL, 2), Tiling(WIDTH, KERNEL, 3), HEIGHT
    ),
}
with_each_convolution = pytest.mark.parametrize(
    "convolution", CONVOLUTIONS.values(), ids=CONVOLUTIONS.keys()
)


def random_params(generator):
    return ConvLSTMParams(
        jnp.asarray(0.4 * generator.normal(size=(KERNEL, KERNEL, INPUTS, 4 * MEMORY))),
        jnp.asarray(0.4 * generator.normal(size=(KERNEL, KERNEL, MEMORY, 4 * MEMORY))),
        jnp.asarray(generator.normal(size=4 * MEMORY)),
    )


def random_state(generator):
    shape = (BATCH, HEIGHT, WIDTH, MEMORY)
    return tuple(jnp.asarray(generator.normal(size=shape)) for _ in range(2))


def random_frames(generator):
    return jnp.asarray(generator.normal(size=(TAU, BATCH, HEIGHT, WIDTH, INPUTS)))


def random_arguments(seed):
    generator = np.random.default_rng(seed)
    return random_params(generator), random_state(generator), random_frames(generator)
