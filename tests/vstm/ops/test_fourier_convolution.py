import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.signal import correlate2d

from vstm.ops.convolution.convolve import conv2d
from vstm.ops.convolution.fourier_plan import LARGEST_STRIP, MANY_TILES, plan_fourier_convolution
from vstm.ops.convolution.tiling import Tiling

pytestmark = pytest.mark.usefixtures("strict_promotion")


each_tiling = pytest.mark.parametrize(
    "size, kernel, num_tiles", list(itertools.product((1, 5, 8), (1, 2, 3, 6, 9), (1, 2, 3)))
)


def wraps_around(tiling, period):
    """Whether an input meets an output of its tile that it should not, for some weight."""
    lags = [k - (tiling.kernel - 1) // 2 for k in range(tiling.kernel)]
    return any(
        (x - lag - p) % period == 0 and x - lag != p
        for x, p, lag in itertools.product(tiling.positions, range(tiling.outputs), lags)
    )


@each_tiling
def test_period_is_the_smallest_even_one_without_wrap_around(size, kernel, num_tiles):
    tiling = Tiling(size, kernel, num_tiles)
    assert tiling.period % 2 == 0
    assert not wraps_around(tiling, tiling.period)
    assert tiling.period == 2 or wraps_around(tiling, tiling.period - 2)


@each_tiling
def test_tiles_hold_every_output_and_all_its_inputs(size, kernel, num_tiles):
    tiling = Tiling(size, kernel, num_tiles)
    assert num_tiles * tiling.outputs >= size
    for output in range(size):
        tile, p = divmod(output, tiling.outputs)
        reached = {p + k - (kernel - 1) // 2 for k in range(kernel)}
        inside = {x for x in reached if 0 <= tile * tiling.outputs + x < size}
        assert inside <= set(tiling.positions)


@pytest.mark.parametrize("kernel_size", [(7, 7), (15, 15), (3, 9)])
@pytest.mark.parametrize("size", [(1, 1), (16, 16), (30, 45), (64, 64), (100, 20), (540, 960)])
@pytest.mark.parametrize("batch", [1, 4, 80])
def test_planned_tiles_are_neither_too_large_nor_too_few(size, kernel_size, batch):
    plan = plan_fourier_convolution(size, (*kernel_size, 1, 1), batch)
    assert (plan.height, plan.columns.size) == size
    assert (plan.rows.kernel, plan.columns.kernel) == kernel_size
    larger = max(max(kernel_size) - 7, 0)
    assert plan.rows.outputs <= 32 + larger
    assert plan.columns.outputs <= 16 + larger
    in_strip = plan.rows.num_tiles * plan.columns.num_tiles * batch
    enough = plan.num_strips * in_strip >= MANY_TILES
    assert enough or max(plan.rows.outputs, plan.columns.outputs) < 16
    assert plan.rows.num_tiles == 1 or in_strip <= LARGEST_STRIP
    rows = plan.num_strips * plan.rows.num_tiles * plan.rows.outputs
    assert size[0] <= rows < size[0] + plan.rows.num_tiles * plan.rows.outputs


def test_more_features_ask_for_more_tiles():
    few, many = (
        plan_fourier_convolution((32, 32), (7, 7, features, 4 * features), batch=16)
        for features in (16, 256)
    )
    num_tiles = [
        plan.num_strips * plan.rows.num_tiles * plan.columns.num_tiles for plan in (few, many)
    ]
    assert num_tiles[0] < num_tiles[1]
    few_coefficients, many_coefficients = (
        jax.eval_shape(plan.prepare, np.ones((7, 7, 1, 1), np.float32)).size for plan in (few, many)
    )
    assert few_coefficients > many_coefficients


def test_neither_program_nor_memory_grows_with_the_number_of_strips():
    """As frames of some 1080 x 1920 pixels have them, beside one of half the height."""
    programs, working_memory = [], []
    for height in (288, 576):
        maps = jax.ShapeDtypeStruct((1, height, 960, 3), jnp.float32)
        kernel = jax.ShapeDtypeStruct((7, 7, 3, 2), jnp.float32)
        plan = plan_fourier_convolution((height, 960), kernel.shape, batch=1)
        assert plan.num_strips > 4
        lowered = jax.jit(lambda maps, kernel: conv2d(maps, kernel, "fourier")).lower(maps, kernel)
        programs.append(lowered.as_text().count("\n"))
        memory = lowered.compile().memory_analysis().temp_size_in_bytes
        working_memory.append(memory / (height * 960 * 4))  # in maps of one feature
    assert programs[0] == programs[1]
    assert working_memory[1] < 1.05 * working_memory[0] < 25


@pytest.mark.parametrize("size, kernel_size", [((64, 48), (7, 7)), ((37, 50), (15, 15))])
def test_planned_convolution_in_float32_equals_scipy(size, kernel_size):
    generator = np.random.default_rng(0)
    maps = generator.normal(size=(2, *size, 2)).astype(np.float32)
    kernel = generator.normal(size=(*kernel_size, 2, 3)).astype(np.float32)
    ours = jax.jit(partial(conv2d, implementation="fourier"))(maps, kernel)
    expected = np.zeros((2, *size, 3))
    for b, i, o in np.ndindex(2, 2, 3):
        channel, weights = (a.astype(np.float64) for a in (maps[b, ..., i], kernel[..., i, o]))
        expected[b, ..., o] += correlate2d(channel, weights, mode="same")
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
