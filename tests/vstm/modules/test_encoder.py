import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from scipy.signal import correlate2d

from vstm.modules.encoder import CPD, Encoder, max_pool

pytestmark = pytest.mark.usefixtures("strict_promotion")


def max_pool_loops(maps, d_pooled):
    """Pooled maps [b, h/2, w/2, d], and the cotangent of the maps: a share for each largest."""
    pooled, d_maps = np.zeros_like(d_pooled), np.zeros_like(maps)
    for b, p, q, d in np.ndindex(d_pooled.shape):
        cell = [(b, 2 * p + i, 2 * q + j, d) for i in range(2) for j in range(2)]
        pooled[b, p, q, d] = max(maps[pixel] for pixel in cell)
        largest = [pixel for pixel in cell if maps[pixel] == pooled[b, p, q, d]]
        for pixel in largest:
            d_maps[pixel] = d_pooled[b, p, q, d] / len(largest)
    return pooled, d_maps


def convolution_tanh_max_pool(frame, kernel, bias):
    """One CPD module on one frame [h, w, d], by SciPy."""
    height, width, features = *frame.shape[:2], kernel.shape[-1]
    pooled = np.zeros((height // 2, width // 2, features))
    for o in range(features):
        maps = sum(
            correlate2d(frame[..., i], kernel[..., i, o], mode="same")
            for i in range(frame.shape[-1])
        )
        cells = np.tanh(maps + bias[o]).reshape(height // 2, 2, width // 2, 2)
        pooled[..., o] = cells.max(axis=(1, 3))
    return pooled


def without_equal_values(seed, shape):
    values = np.random.default_rng(seed).permutation(np.prod(shape))
    return jnp.asarray(values.reshape(shape) / 10)


def test_max_pool_and_its_gradient_equal_loops(x64):
    generator = np.random.default_rng(0)
    maps = generator.integers(0, 3, size=(3, 8, 6, 5)).astype(float)  # most cells have ties
    d_pooled = generator.normal(size=(3, 4, 3, 5))
    pooled, pull = jax.vjp(max_pool, jnp.asarray(maps))
    expected, d_maps = max_pool_loops(maps, d_pooled)
    np.testing.assert_array_equal(pooled, expected)
    np.testing.assert_allclose(pull(jnp.asarray(d_pooled))[0], d_maps, rtol=1e-12)


@pytest.mark.parametrize(
    "cell, gradient",
    [
        ([[1, 4], [3, 2]], [[0, 1], [0, 0]]),
        ([[4, -1], [4, 2]], [[1 / 2, 0], [1 / 2, 0]]),
        ([[4, -1], [2, 4]], [[1 / 2, 0], [0, 1 / 2]]),
        ([[0, 0], [-1, 0]], [[1 / 3, 1 / 3], [0, 1 / 3]]),
        ([[-2, -2], [-2, -2]], [[1 / 4, 1 / 4], [1 / 4, 1 / 4]]),
    ],
    ids=["largest", "2 in a column", "2 on a diagonal", "3", "4"],
)
def test_max_pool_gradient_is_shared_equally_among_ties(cell, gradient):
    maps = jnp.asarray(cell, jnp.float32)[..., None]
    ours = jax.grad(lambda maps: max_pool(maps).sum())(maps)
    np.testing.assert_allclose(ours[..., 0], gradient, rtol=1e-6)


def test_max_pool_gradient_equals_finite_differences_where_nothing_ties(x64):
    maps = without_equal_values(1, (2, 4, 6, 3))
    check_grads(jax.jit(max_pool), (maps,), order=1, modes=["rev"])


def test_max_pool_takes_any_leading_axes():
    maps = without_equal_values(2, (2, 3, 4, 6, 5))
    pooled, gradient = max_pool(maps), jax.grad(lambda maps: (max_pool(maps) ** 2).sum())(maps)
    for index in np.ndindex(2, 3):
        alone, pull = jax.vjp(max_pool, maps[index])
        np.testing.assert_array_equal(pooled[index], alone)
        np.testing.assert_array_equal(gradient[index], pull(2 * alone)[0])


def random_module_parameters(generator, inputs, features):
    kernel = generator.normal(size=(7, 7, inputs, features)) / 7
    return {"kernel": kernel, "bias": generator.normal(size=features)}


@pytest.mark.parametrize("implementation", ["direct", "fourier"])
def test_module_is_convolution_tanh_max_pool(implementation, x64):
    generator = np.random.default_rng(3)
    frames = generator.normal(size=(2, 6, 8, 3))
    params = random_module_parameters(generator, 3, 4)
    ours = CPD(4, implementation).apply(
        {"params": jax.tree.map(jnp.asarray, params)}, jnp.asarray(frames)
    )
    expected = [convolution_tanh_max_pool(frame, **params) for frame in frames]
    np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("implementation", ["direct", "fourier"])
def test_module_gradients_equal_those_of_pooling_last(implementation, x64):
    generator = np.random.default_rng(4)
    frames = jnp.asarray(generator.normal(size=(2, 4, 6, 3)))
    params = jax.tree.map(jnp.asarray, random_module_parameters(generator, 3, 4))
    d_pooled = jnp.asarray(generator.normal(size=(2, 2, 3, 4)))

    def pooling_last(params, frames):
        maps = jax.lax.conv_general_dilated(
            frames, params["kernel"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        cells = jnp.tanh(maps + params["bias"]).reshape(2, 2, 2, 3, 2, 4)
        return cells.max(axis=(2, 4))

    def module(params, frames):
        return CPD(4, implementation).apply({"params": params}, frames)

    _, pull = jax.vjp(module, params, frames)
    _, pull_expected = jax.vjp(pooling_last, params, frames)
    jax.tree.map(
        lambda ours, expected: np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12),
        pull(d_pooled),
        pull_expected(d_pooled),
    )


def test_encoder_is_its_modules_one_after_the_other(x64):
    generator = np.random.default_rng(5)
    frame = generator.uniform(size=(8, 12, 1))
    params = {
        "CPD_0": random_module_parameters(generator, 1, 2),
        "CPD_1": random_module_parameters(generator, 2, 3),
    }
    expected = frame
    for module in ("CPD_0", "CPD_1"):
        expected = convolution_tanh_max_pool(expected, **params[module])
    ours = Encoder((2, 3)).apply({"params": jax.tree.map(jnp.asarray, params)}, jnp.asarray(frame))
    np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)


def test_odd_maps_are_refused():
    with pytest.raises(ValueError, match=r"8x6 pixels.*divisible by 4"):
        Encoder((2, 3)).init(jax.random.key(0), jnp.zeros((8, 6, 1)))
