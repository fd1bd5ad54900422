import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from scipy.ndimage import map_coordinates

from vstm.ops.warp import (
    bilinear_sample,
    sampling_grid,
    upsample_flow,
    warp,
    warp_batch,
    warp_within,
)

pytestmark = pytest.mark.usefixtures("strict_promotion")

warp_at_once = jax.jit(warp)


def warp_scipy(features, flow):
    """Bilinear sampling of the zero-padded map, so that SciPy's border never matters."""
    height, width, channels = features.shape
    pad = 2
    padded = np.pad(features, ((pad, pad), (pad, pad), (0, 0)))
    y, x = np.mgrid[:height, :width]
    coordinates = [y + flow[..., 1] + pad, x + flow[..., 0] + pad]
    return np.stack(
        [
            map_coordinates(padded[..., d], coordinates, order=1, mode="constant", cval=0)
            for d in range(channels)
        ],
        axis=-1,
    )


@pytest.mark.parametrize("size", [0.4, 3.0, 30.0])
def test_values_equal_scipy(size, x64):
    generator = np.random.default_rng(0)
    features = generator.normal(size=(7, 9, 3))
    flow = size * generator.normal(size=(7, 9, 2))
    ours = warp_at_once(features, flow)
    np.testing.assert_allclose(ours, warp_scipy(features, flow), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("u, v", [(0, 0), (1, 0), (0, -2), (-3, 2), (20, 0)])
def test_integer_flow_shifts_and_fills_with_zeros(u, v):
    features = np.random.default_rng(1).normal(size=(6, 8, 2)).astype(np.float32)
    expected = np.zeros_like(features)
    for y in range(6):
        for x in range(8):
            if 0 <= y + v < 6 and 0 <= x + u < 8:
                expected[y, x] = features[y + v, x + u]
    flow = np.broadcast_to(np.float32([u, v]), (6, 8, 2))
    np.testing.assert_array_equal(warp_at_once(features, flow), expected)


def test_flow_gradient_at_integer_coordinates_is_the_right_hand_difference(x64):
    features = np.random.default_rng(2).normal(size=(5, 6, 1))
    padded = np.pad(features, ((0, 1), (0, 1), (0, 0)))
    gradient = jax.jit(jax.grad(lambda flow: jnp.sum(warp_at_once(features, flow))))(
        np.zeros((5, 6, 2))
    )
    np.testing.assert_allclose(gradient[..., 0], (padded[:-1, 1:] - padded[:-1, :-1])[..., 0])
    np.testing.assert_allclose(gradient[..., 1], (padded[1:, :-1] - padded[:-1, :-1])[..., 0])
    assert np.abs(gradient).min() > 0


def test_gradients_equal_finite_differences(x64):
    generator = np.random.default_rng(3)
    features = generator.normal(size=(4, 5, 2))
    whole = generator.integers(-2, 3, size=(4, 5, 2))
    flow = whole + generator.uniform(0.1, 0.9, size=(4, 5, 2))  # off the kinks
    check_grads(warp_at_once, (features, flow), order=1, modes=["rev"])


def test_huge_flow_samples_outside():
    flow = np.broadcast_to(np.float32([1e20, -1e20]), (3, 3, 2))
    ours = warp_at_once(np.ones((3, 3, 1), np.float32), flow)
    np.testing.assert_array_equal(ours, np.zeros((3, 3, 1)))


def test_grid_is_the_position_plus_the_flow():
    flow = np.random.default_rng(4).normal(size=(3, 4, 2)).astype(np.float32)
    grid = np.asarray(jax.jit(sampling_grid)(flow))
    for y in range(3):
        for x in range(4):
            np.testing.assert_allclose(grid[y, x], np.array([x, y]) + flow[y, x], rtol=1e-6)


def test_grid_may_have_another_size_than_the_map():
    features = np.arange(12, dtype=np.float32).reshape(3, 4, 1)
    grid = np.float32([[[0.5, 0.0], [3.0, 2.0]]])
    np.testing.assert_allclose(jax.jit(bilinear_sample)(features, grid)[0, :, 0], [0.5, 11.0])


def test_batch_and_jit_equal_one_by_one():
    features, flow = np.random.default_rng(5).normal(size=(2, 3, 5, 4, 2)).astype(np.float32)
    expected = [warp(jnp.asarray(f), jnp.asarray(t)) for f, t in zip(features, flow, strict=True)]
    np.testing.assert_allclose(jax.jit(warp_batch)(features, flow), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [0.4, 3.0, 30.0])
def test_warp_within_repeats_the_border_as_scipy_does(size, x64):
    generator = np.random.default_rng(0)
    frame = generator.normal(size=(7, 9, 1))
    flow = size * generator.normal(size=(7, 9, 2))
    y, x = np.mgrid[:7, :9]
    expected = map_coordinates(
        frame[..., 0], [y + flow[..., 1], x + flow[..., 0]], order=1, mode="nearest"
    )
    ours = jax.jit(warp_within)(frame, flow)
    np.testing.assert_allclose(ours[..., 0], expected, rtol=1e-12, atol=1e-12)


def test_upsampled_flow_moves_blocks_of_a_larger_frame_as_the_flow_moves_pixels():
    frame = np.random.default_rng(3).normal(size=(4, 6, 1)).astype(np.float32)
    large = frame.repeat(3, axis=0).repeat(3, axis=1)
    flow = np.broadcast_to(np.float32([1.0, -1.0]), (4, 6, 2))
    moved = jax.jit(lambda large, flow: warp(large, upsample_flow(flow, 3)))(large, flow)
    expected = warp_at_once(frame, flow)
    np.testing.assert_array_equal(moved[1::3, 1::3], expected)
    assert moved.shape == (12, 18, 1)


def test_flow_gradient_within_is_the_right_hand_difference_at_the_border_too(x64):
    frame = np.random.default_rng(3).normal(size=(5, 6, 1))
    padded = np.pad(frame, ((0, 1), (0, 1), (0, 0)), mode="edge")
    total = jax.jit(lambda flow: jnp.sum(warp_within(jnp.asarray(frame), flow)))
    gradient = jax.grad(total)(jnp.zeros((5, 6, 2)))
    np.testing.assert_allclose(gradient[..., 0], (padded[:-1, 1:] - padded[:-1, :-1])[..., 0])
    np.testing.assert_allclose(gradient[..., 1], (padded[1:, :-1] - padded[:-1, :-1])[..., 0])


@pytest.mark.parametrize("move", [warp, warp_within, warp_batch])
@pytest.mark.parametrize("size", [(4, 4), (1, 1), (8, 9)])
def test_flow_of_another_map_is_refused(move, size, unchecked_annotations):
    with pytest.raises(ValueError, match=r"flow of shape .* expected \(8, 8, 2\); see `upsample"):
        move(jnp.zeros((8, 8, 1)), jnp.zeros((*size, 2)))


@pytest.mark.parametrize("move", [warp, warp_within])
def test_flow_of_half_precision_finds_the_columns_of_a_wide_frame(move):
    frame = jnp.arange(640.0)[None, :, None]
    flow = jnp.full((1, 640, 2), jnp.array([3, 0]), jnp.bfloat16)
    np.testing.assert_array_equal(move(frame, flow)[0, :637, 0], np.arange(3, 640))
    with jax.numpy_dtype_promotion("standard"):
        assert move(frame.astype(jnp.bfloat16), flow).dtype == jnp.bfloat16
