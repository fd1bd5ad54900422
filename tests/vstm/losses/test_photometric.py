import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from scipy.ndimage import map_coordinates

from vstm.losses.photometric import constant_shift, photometric_error

pytestmark = pytest.mark.usefixtures("strict_promotion")

photometric_error = jax.jit(photometric_error, static_argnames=("penalty", "exclude_occluded"))
constant_shift = jax.jit(constant_shift)


def moved_scipy(frame, flow):
    """The frame at (x + u, y + v), its border repeated outside."""
    y, x = np.mgrid[: frame.shape[0], : frame.shape[1]]
    coordinates = [y + flow[..., 1], x + flow[..., 0]]
    return map_coordinates(frame, coordinates, order=1, mode="nearest")


def cell_means(image, side):
    """Means of squares of an image, by a loop."""
    means = np.zeros((image.shape[0] // side, image.shape[1] // side, *image.shape[2:]))
    for row, column in np.ndindex(means.shape[:2]):
        rows = slice(row * side, (row + 1) * side)
        means[row, column] = image[rows, column * side : (column + 1) * side].mean(axis=(0, 1))
    return means


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_error_equals_a_loop_with_scipys_interpolation(factor, x64):
    generator = np.random.default_rng(0)
    frames, targets = generator.uniform(size=(2, 3, 8, 12, 1))
    flows = 2 * generator.normal(size=(3, 8 // factor, 12 // factor, 2))
    expected = 0.0
    for side in (1, 2, 4):  # 8 does not divide 12
        errors = []
        for frame, target, flow in zip(frames[..., 0], targets[..., 0], flows, strict=True):
            large = factor * flow.repeat(factor, axis=0).repeat(factor, axis=1)
            moved = moved_scipy(cell_means(frame, side), cell_means(large, side) / side)
            errors.append((moved - cell_means(target, side)) ** 2)
        expected += np.mean(errors)
    ours = photometric_error(frames, targets, flows)
    np.testing.assert_allclose(ours, expected, rtol=1e-12)


def test_occluded_pixels_do_not_count(x64):
    """What has come in from the right, three columns of one frame and one of the other."""
    generator = np.random.default_rng(0)
    frames, targets = generator.uniform(size=(2, 2, 8, 8, 1))
    flow = np.zeros((2, 8, 8, 2))
    expected = 0.0
    for k, u in enumerate((3, 1)):
        flow[k, ..., 0] = u
        targets[k, :, : 8 - u] = frames[k, :, u:] + 0.1 * generator.normal(size=(8, 8 - u, 1))
        for side in (1, 2, 4, 8):
            share = cell_means(np.repeat([np.arange(8.0) < 8 - u], 8, axis=0), side)
            moved = moved_scipy(
                cell_means(frames[k, ..., 0], side), cell_means(flow[k], side) / side
            )
            errors = (moved - cell_means(targets[k, ..., 0], side)) ** 2
            expected += np.mean(share * errors) / share.mean() / 2
    ours = photometric_error(frames, targets, flow, exclude_occluded=True)
    np.testing.assert_allclose(ours, expected, rtol=1e-12)
    assert ours < photometric_error(frames, targets, flow)


def test_charbonnier_penalty_and_weights_equal_a_loop(x64):
    generator = np.random.default_rng(0)
    frames, targets = generator.uniform(size=(2, 3, 4, 4, 1))
    weights = generator.uniform(0.5, 20, size=(3, 1, 1, 1))
    expected = 0.0
    for side in (1, 2, 4):
        errors = [
            np.sqrt(weight[0, 0, 0] * (cell_means(a, side) - cell_means(b, side)) ** 2 + 0.05**2)
            for a, b, weight in zip(frames, targets, weights, strict=True)
        ]
        expected += np.mean(errors)
    still = np.zeros((3, 2, 2, 2))
    ours = photometric_error(frames, targets, still, penalty="charbonnier", weight=weights)
    np.testing.assert_allclose(ours, expected, rtol=1e-12)


def test_unknown_penalty_is_named():
    frames = jnp.zeros((1, 4, 4, 1))
    with pytest.raises(ValueError, match="'l1'; known: squared, charbonnier"):
        photometric_error(frames, frames, jnp.zeros((1, 2, 2, 2)), penalty="l1")


@pytest.mark.parametrize("factor", [1, 2])
def test_gradient_equals_finite_differences(factor, x64):
    generator = np.random.default_rng(1)
    frames, targets = generator.uniform(size=(2, 2, 8, 8, 1))
    flows = generator.normal(size=(2, 8 // factor, 8 // factor, 2))

    @jax.jit
    def error(flows):
        return photometric_error(frames, targets, flows)

    check_grads(error, (flows,), 1, ["rev"])


def test_gradient_of_zero_flow_is_the_right_hand_one(x64):
    frames, targets = np.random.default_rng(2).uniform(size=(2, 1, 9, 11, 1))
    gradient = jax.jit(jax.grad(lambda flow: photometric_error(frames, targets, flow)))(
        np.zeros((1, 9, 11, 2))
    )
    frame, difference = frames[0, ..., 0], (frames - targets)[0, ..., 0]
    right = np.diff(frame, axis=1, append=frame[:, -1:])  # the border is repeated outside
    down = np.diff(frame, axis=0, append=frame[-1:])
    expected = 2 * difference[..., None] * np.stack([right, down], axis=-1) / frame.size
    inner = (slice(1, None), slice(1, None))  # on the left and upper border, limits meet the flow
    np.testing.assert_allclose(gradient[0][inner], expected[inner], rtol=1e-10, atol=1e-15)


def blob(x, y):
    """A bright spot on black, [1, 64, 64, 1]."""
    rows, columns = np.mgrid[:64, :64]
    spot = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 8)
    return spot[None, ..., None].astype(np.float32)


def test_the_true_flow_has_no_error():
    flow = np.broadcast_to(np.float32([-4.0, 4.0]), (1, 32, 32, 2))  # of cells of two pixels
    frames, targets = blob(28, 36), blob(36, 28)
    assert photometric_error(frames, targets, flow) < 1e-8
    assert photometric_error(frames, targets, 0 * flow) > 1e-3


@pytest.mark.parametrize("shift", [(3.25, -6.5), (0.0, 0.0), (-1.0625, 7.9375)])
def test_the_constant_by_which_flow_is_wrong_is_found(shift):
    spots = [(28, 36, 4, -4), (40, 30, -3, 1), (32, 32, 0, 5)]
    frames = np.concatenate([blob(x, y) for x, y, _, _ in spots])
    targets = np.concatenate([blob(x + dx, y + dy) for x, y, dx, dy in spots])
    motions = np.float32([[-dx, -dy] for *_, dx, dy in spots])
    flow = np.broadcast_to(motions[:, None, None], (3, 64, 64, 2)) - np.float32(shift)
    np.testing.assert_allclose(constant_shift(frames, targets, flow), shift, atol=1e-5)


@pytest.mark.parametrize("dx, dy", [(4, -3), (-5, 4)])
def test_descent_finds_a_motion_longer_than_the_spot(dx, dy):
    frames, targets = blob(32, 32), blob(32 + dx, 32 + dy)

    def error(motion):
        return photometric_error(frames, targets, jnp.broadcast_to(motion, (1, 32, 32, 2)))

    @jax.jit
    def descend(motion):
        return jax.lax.fori_loop(0, 400, lambda _, m: m - 40.0 * jax.grad(error)(m), motion)

    motion = descend(np.zeros(2, np.float32))
    np.testing.assert_allclose(2 * motion, [-dx, -dy], atol=0.2)
