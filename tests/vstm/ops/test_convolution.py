from functools import partial

import jax
import numpy as np
import pytest
from jax.test_util import check_grads

from vstm.ops.convolution.convolve import (
    IMPLEMENTATIONS,
    Convolution,
    add_bias,
    conv2d,
    convolve,
    plan_convolution,
    sum_maps,
)
from vstm.ops.convolution.direct import DirectConvolution
from vstm.ops.convolution.fourier import FourierConvolution
from vstm.ops.convolution.tiling import Tiling

pytestmark = pytest.mark.usefixtures("strict_promotion")

PRECISIONS = [(np.float64, 1e-12), (np.float32, 1e-5)]


def convolution_loops(maps, kernel, d_outputs):
    """Outputs, and cotangents of maps and kernel, weight by weight."""
    maps, kernel, d_outputs = (np.asarray(a, np.float64) for a in (maps, kernel, d_outputs))
    height, width = maps.shape[1:3]
    rows, columns = kernel.shape[:2]
    top, left = (rows - 1) // 2, (columns - 1) // 2
    padded = np.pad(maps, ((0, 0), (top, rows - 1 - top), (left, columns - 1 - left), (0, 0)))
    outputs = np.zeros_like(d_outputs)
    d_padded, d_kernel = np.zeros_like(padded), np.zeros_like(kernel)
    for k, m in np.ndindex(rows, columns):
        seen = np.s_[:, k : k + height, m : m + width]
        outputs += padded[seen] @ kernel[k, m]
        d_padded[seen] += d_outputs @ kernel[k, m].T
        d_kernel[k, m] = np.tensordot(padded[seen], d_outputs, axes=([0, 1, 2], [0, 1, 2]))
    d_maps = d_padded[:, top : top + height, left : left + width]
    return outputs, d_maps, d_kernel


@partial(jax.jit, static_argnums=0)
def convolve_and_pull(convolution, maps, kernel, d_outputs):
    """What `convolution_loops` returns, by autodiff of `convolve`."""
    outputs, pull = jax.vjp(
        lambda maps, kernel: convolve(convolution, maps, convolution.prepare(kernel)), maps, kernel
    )
    return outputs, *pull(d_outputs)


def assert_close(ours, expected, tolerance):
    """Equality to a share of the expected array's largest magnitude."""
    largest = np.abs(expected).max()
    np.testing.assert_allclose(ours, expected, rtol=0, atol=tolerance * largest)


def fourier(size, kernel_size, num_tiles, num_strips=1):
    rows, columns = map(Tiling, size, kernel_size, num_tiles)
    if num_strips > 1:
        height = -(-size[0] // num_strips)
        rows = Tiling(height, kernel_size[0], num_tiles[0], alone=False)
    return FourierConvolution(rows, columns, size[0], num_strips)


def random_arrays(seed, size, kernel_size, channels, batch, dtype=np.float64):
    """Maps, a kernel and a cotangent of the outputs."""
    generator = np.random.default_rng(seed)
    inputs, outputs = channels
    shapes = (batch, *size, inputs), (*kernel_size, *channels), (batch, *size, outputs)
    return [generator.normal(size=shape).astype(dtype) for shape in shapes]


def random_cases(count):
    """Sizes of maps and kernels, channels, batches and tilings."""
    generator = np.random.default_rng(0)
    for _ in range(count):
        yield tuple(
            tuple(generator.integers(low, high, 2, endpoint=True).tolist())
            for low, high in ((1, 19), (3, 15), (1, 5), (1, 3))
        )


# size, kernel size, channels, tiles; batch
CASES = [(*case, 1 + n % 3) for n, case in enumerate(random_cases(9))] + [
    ((2, 3), (7, 15), (2, 1), (1, 1), 2),
    ((7, 11), (4, 6), (1, 2), (3, 2), 1),
    ((18, 20), (7, 7), (2, 3), (2, 3), 1),
    ((3, 2), (3, 5), (2, 1), (1, 1), 35),
    ((4, 5), (3, 4), (1, 2), (2, 3), 16),
]


@pytest.mark.parametrize("dtype, tolerance", PRECISIONS)
@pytest.mark.parametrize("size, kernel_size, channels, num_tiles, batch", CASES)
def test_values_and_gradients_equal_loops(
    size, kernel_size, channels, num_tiles, batch, dtype, tolerance, x64
):
    arrays = random_arrays(1, size, kernel_size, channels, batch, dtype)
    expected = convolution_loops(*arrays)
    results = []
    for convolution in (
        DirectConvolution(kernel_size),
        fourier(size, kernel_size, num_tiles),
        fourier(size, kernel_size, num_tiles, num_strips=3),
        plan_convolution("fourier", batch, size, (*kernel_size, *channels), batch),
    ):
        results.append(convolve_and_pull(convolution, *arrays))
        for ours, reference in zip(results[-1], expected, strict=True):
            assert ours.dtype == dtype
            assert_close(ours, reference, tolerance)
    for from_direct, *from_fourier in zip(*results, strict=True):
        for ours in from_fourier:
            assert_close(ours, from_direct, tolerance)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_conv2d_equals_loops_with_leading_axes(implementation, x64):
    conv = jax.jit(partial(conv2d, implementation=implementation))
    maps, kernel, d_outputs = random_arrays(2, (7, 18), (5, 6), (2, 9), 6)
    outputs = conv(maps.reshape(2, 3, 7, 18, 2), kernel)
    assert outputs.shape == (2, 3, 7, 18, 9)
    expected, _, _ = convolution_loops(maps, kernel, d_outputs)
    assert_close(outputs.reshape(expected.shape), expected, 1e-12)
    assert_close(conv(maps[4], kernel), expected[4], 1e-12)


@pytest.mark.parametrize("implementation", ["direct", "fourier"])
def test_gradients_equal_finite_differences(implementation, x64):
    maps, kernel, _ = random_arrays(3, (6, 5), (4, 7), (2, 3), 2)
    conv = jax.jit(partial(conv2d, implementation=implementation))
    check_grads(conv, (maps, kernel), order=1, modes=["rev"])


SIZE, KERNEL_SIZE, CHANNELS, BATCH, STEPS = (7, 11), (4, 7), (2, 3), 6, 4
CONVOLUTIONS = {
    "direct": DirectConvolution(KERNEL_SIZE),
    **{
        f"fourier {rows}x{columns}": fourier(SIZE, KERNEL_SIZE, (rows, columns))
        for rows, columns in ((1, 1), (1, 2), (3, 1), (2, 3))
    },
    "fourier 2x2 in 2 strips": fourier(SIZE, KERNEL_SIZE, (2, 2), num_strips=2),
    "fourier 1x1 in 7 strips": fourier(SIZE, KERNEL_SIZE, (1, 1), num_strips=7),
}
in_each_convolution = pytest.mark.parametrize(
    "convolution", CONVOLUTIONS.values(), ids=CONVOLUTIONS.keys()
)


@in_each_convolution
def test_interface_is_kept(convolution):
    assert isinstance(convolution, Convolution)


@in_each_convolution
def test_restore_inverts_arrange(convolution):
    maps, _, _ = random_arrays(4, SIZE, KERNEL_SIZE, CHANNELS, BATCH, np.float32)
    restored = jax.jit(lambda maps: convolution.restore(convolution.arrange(maps)))(maps)
    np.testing.assert_array_equal(restored, maps)


@in_each_convolution
def test_pull_and_kernel_gradient_equal_loops(convolution, x64):
    @jax.jit
    def pull(maps, kernel, d_outputs):
        arranged, d_arranged = convolution.arrange(maps), convolution.arrange(d_outputs)
        pulled = convolution.pull(d_arranged, convolution.prepare_transposed(kernel))
        return convolution.restore(pulled), convolution.kernel_gradient(arranged, d_arranged)

    arrays = random_arrays(5, SIZE, KERNEL_SIZE, CHANNELS, BATCH)
    _, *expected = convolution_loops(*arrays)
    for ours, reference in zip(pull(*arrays), expected, strict=True):
        assert_close(ours, reference, 1e-12)


@in_each_convolution
def test_call_pull_and_kernel_gradient_are_transposes_in_the_arranged_layout(convolution, x64):
    """<y, A(x, w)> from either side, also where the layout holds pixels beyond the map."""

    @jax.jit
    def call_and_pull(x, y, kernel):
        outputs = convolution(x, convolution.prepare(kernel))
        pulled = convolution.pull(y, convolution.prepare_transposed(kernel))
        return outputs, pulled, convolution.kernel_gradient(x, y)

    _, kernel, _ = random_arrays(6, SIZE, KERNEL_SIZE, CHANNELS, BATCH)
    generator = np.random.default_rng(7)
    shape = jax.eval_shape(convolution.arrange, np.zeros((17, *SIZE, 2))).shape
    x, y = (generator.normal(size=(*shape[:-1], n)) for n in CHANNELS)
    outputs, pulled, gradient = call_and_pull(x, y, kernel)
    assert (outputs.shape, pulled.shape, gradient.shape) == (y.shape, x.shape, kernel.shape)
    scale = np.linalg.norm(outputs) * np.linalg.norm(y)
    product = np.vdot(y, outputs)
    np.testing.assert_allclose(np.vdot(pulled, x), product, rtol=0, atol=1e-14 * scale)
    np.testing.assert_allclose(np.vdot(gradient, kernel), product, rtol=0, atol=1e-14 * scale)


def merged(convolution, maps):
    """Maps of several steps, arranged step by step, as one batch."""
    steps = maps.reshape(STEPS, BATCH, *maps.shape[1:])
    return convolution.merge_steps(jax.vmap(convolution.arrange)(steps))


@in_each_convolution
def test_merged_steps_are_one_batch_step_by_step(convolution):
    @jax.jit
    def merge(maps):
        ours = merged(convolution, maps)
        return ours, convolution.arrange(maps), convolution.restore(ours)

    maps, _, _ = random_arrays(8, SIZE, KERNEL_SIZE, CHANNELS, STEPS * BATCH, np.float32)
    ours, expected, restored = merge(maps)
    np.testing.assert_array_equal(ours, expected)
    np.testing.assert_array_equal(restored, maps)


@in_each_convolution
def test_kernel_gradient_of_merged_steps_equals_loops(convolution, x64):
    @jax.jit
    def gradient(maps, d_outputs):
        return convolution.kernel_gradient(
            merged(convolution, maps), merged(convolution, d_outputs)
        )

    maps, kernel, d_outputs = random_arrays(9, SIZE, KERNEL_SIZE, CHANNELS, STEPS * BATCH)
    _, _, d_kernel = convolution_loops(maps, kernel, d_outputs)
    assert_close(gradient(maps, d_outputs), d_kernel, 1e-12)


@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 3, 5, 4, 6)])
def test_add_bias_and_its_gradients_equal_plain_addition(shape, x64):
    generator = np.random.default_rng(10)
    maps, bias, d_outputs = (generator.normal(size=s) for s in (shape, shape[-1:], shape))

    @jax.jit
    def add_and_pull(maps, bias, d_outputs):
        outputs, pull = jax.vjp(add_bias, maps, bias)
        return outputs, *pull(d_outputs)

    expected = maps + bias, d_outputs, d_outputs.sum(axis=tuple(range(len(shape) - 1)))
    for ours, reference in zip(add_and_pull(maps, bias, d_outputs), expected, strict=True):
        assert_close(ours, reference, 1e-12)


def test_sum_maps_equals_numpy(x64):
    maps = np.random.default_rng(11).normal(size=(2, 3, 5, 4, 6))
    assert_close(jax.jit(sum_maps)(maps), maps.sum(axis=(0, 1, 2, 3)), 1e-12)
