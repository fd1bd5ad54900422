import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vstm.modules.decoder import Decoder
from vstm.ops.convolution.upsampled import cells_to_pixels, upsampled_kernel

GENERATOR = np.random.default_rng(0)


def convolved(maps, kernel):
    return jax.lax.conv_general_dilated(
        maps, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def upsampled(maps):
    return maps.repeat(2, axis=-3).repeat(2, axis=-2)


@pytest.mark.parametrize("size", [3, 7, 11])
def test_kernel_of_the_cells_convolves_as_that_of_the_upsampled_map(size, x64):
    maps, kernel = GENERATOR.normal(size=(2, 6, 9, 3)), GENERATOR.normal(size=(size, size, 3, 2))
    ours = cells_to_pixels(convolved(maps, upsampled_kernel(jnp.asarray(kernel))))
    np.testing.assert_allclose(ours, convolved(upsampled(maps), kernel), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("convolution", ["direct", "fourier"])
def test_decoder_upsamples_and_convolves_once_per_module(convolution):
    decoder = Decoder((4,), convolution)
    maps = GENERATOR.normal(size=(2, 8, 10, 3)).astype(np.float32)
    params = jax.jit(decoder.init, static_argnums=2)(jax.random.key(0), maps, 1)["params"]
    expected = maps
    for layer in ("Conv2D_0", "Conv2D_1"):
        expected = convolved(upsampled(np.asarray(expected)), params[layer]["kernel"])
    ours = jax.jit(decoder.apply, static_argnums=2)({"params": params}, maps, 1)
    assert ours.shape == (2, 32, 40, 1)
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)
