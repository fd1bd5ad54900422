import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_motion import moving
from scipy.ndimage import gaussian_filter

from vstm.ops import registration
from vstm.ops.registration import (
    FADING,
    ITERATIONS,
    LARGEST_STEP,
    SHOWN_DEVIATION,
    SMOOTHNESS,
    UNEXPLAINED,
    WINDOW_DEVIATION,
    mend,
    register,
    shown,
)

pytestmark = pytest.mark.usefixtures("strict_promotion")

GENERATOR = np.random.default_rng(0)
ROWS, COLUMNS = 5, 6


def normal_equations(flow, moved, frame):
    """Of the sum that `mend` makes least, over the flow of all cells at once, without the 2."""
    cell = len(frame) // len(flow)
    half_sum = np.pad((moved + frame) / 2, 1, mode="edge")
    gradient = np.stack(
        [half_sum[1:-1, 2:] - half_sum[1:-1, :-2], half_sum[2:, 1:-1] - half_sum[:-2, 1:-1]], -1
    )
    gradient, error = gradient / 2, frame - moved
    matrix, right = np.zeros((*flow.shape, *flow.shape)), np.zeros(flow.shape)
    for row, column in np.ndindex(flow.shape[:2]):
        # The window's weight of every pixel: SciPy's blur of each cell's indicator.
        weights = np.zeros(flow.shape[:2])
        for other in np.ndindex(weights.shape):
            indicator = np.zeros(weights.shape)
            indicator[other] = 1
            deviation = WINDOW_DEVIATION / cell
            weights[other] = gaussian_filter(
                indicator, deviation, mode="nearest", radius=int(np.ceil(2 * deviation))
            )[row, column]
        weights = np.kron(weights, np.ones((cell, cell))) / cell**2
        weights *= UNEXPLAINED / ((weights * error**2).sum() + UNEXPLAINED)
        tensor = np.einsum("yx,yxi,yxj->ij", weights, gradient, gradient)
        matrix[row, column, :, row, column] += tensor + FADING * np.eye(2)
        right[row, column] = np.einsum("yx,yxi,yx->i", weights, gradient, error)
        right[row, column] += tensor @ flow[row, column]
        for other in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            if 0 <= other[0] < len(flow) and 0 <= other[1] < flow.shape[1]:
                matrix[row, column, :, row, column] += SMOOTHNESS / 4 * np.eye(2)
                matrix[row, column, :, other[0], other[1]] -= SMOOTHNESS / 4 * np.eye(2)
    return matrix.reshape(right.size, right.size), right.reshape(-1)


@pytest.mark.parametrize("cell", [1, 2])
def test_mended_flow_makes_the_sum_over_all_cells_least(cell, x64, monkeypatch):
    monkeypatch.setattr(registration, "ITERATIONS", 2000)
    moved, frame = 0.1 * GENERATOR.uniform(size=(2, cell * ROWS, cell * COLUMNS))
    flow = GENERATOR.normal(scale=2, size=(ROWS, COLUMNS, 2))
    expected = np.linalg.solve(*normal_equations(flow, moved, frame)).reshape(flow.shape)
    step = expected - flow
    length = np.linalg.norm(step, axis=-1, keepdims=True)
    assert length.min() < LARGEST_STEP < length.max()
    expected = flow + step * np.minimum(1, LARGEST_STEP / length)
    solve = jax.jit(lambda *args: mend(*args))  # no trace with other constants
    ours = solve(flow, moved[..., None], frame[..., None])
    np.testing.assert_allclose(ours, expected, rtol=1e-7)


def test_flow_fades_where_nothing_shows(x64):
    """The same all over: neighbours change nothing, and each iteration leaves a / (a + m)."""
    flat, flow = jnp.full((4, 6, 1), 0.5), jnp.full((2, 3, 2), 0.7)
    left = (SMOOTHNESS / (SMOOTHNESS + FADING)) ** ITERATIONS
    np.testing.assert_allclose(mend(flow, flat, flat), left * flow, rtol=1e-12)


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("velocity", [(0.4, -0.3), (-2.0, 1.2)])
def test_registration_finds_the_motion_that_was_not_foreseen(factor, velocity):
    previous, frame = moving(2, velocity)
    cells = jnp.zeros((1, 48 // factor, 64 // factor, 2))
    flow = jax.jit(register)(cells, previous[None], frame[None])
    inner = factor * np.asarray(flow)[0, 16 // factor : -16 // factor, 16 // factor : -16 // factor]
    np.testing.assert_allclose(inner, np.broadcast_to(velocity, inner.shape), atol=0.12)


def test_cells_larger_than_the_coarsest_scale_are_registered():
    previous, frame = moving(2, (0.4, -0.3), size=(128, 160))
    flow = 16 * np.asarray(jax.jit(register)(jnp.zeros((1, 8, 10, 2)), previous[None], frame[None]))
    inner = flow[0, 2:-2, 2:-2]
    np.testing.assert_allclose(inner, np.broadcast_to((0.4, -0.3), inner.shape), atol=0.12)


def test_frames_of_any_cells_are_registered():
    """Sides of 46 and 62 pixels are no multiples of the coarsest scale's cells."""
    velocity = (0.4, -0.3)
    previous, frame = moving(2, velocity)[:, :46, :62]
    flow = jax.jit(register)(jnp.zeros((1, 23, 31, 2)), previous[None], frame[None])
    inner = 2 * np.asarray(flow)[0, 8:-8, 8:-8]
    np.testing.assert_allclose(inner, np.broadcast_to(velocity, inner.shape), atol=0.12)


def test_registration_leaves_the_motion_that_was_foreseen_but_for_the_fading(monkeypatch):
    monkeypatch.setattr(registration, "FADING", 0.0)
    monkeypatch.setattr(registration, "SHOWN", 1e-9)
    velocity = np.array([1.0, 0.0])  # whole pixels, so that the moved frame is exact
    previous, frame = moving(2, velocity)
    foreseen = jnp.broadcast_to(jnp.asarray(velocity / 2, jnp.float32), (1, 24, 32, 2))
    flow = jax.jit(lambda *args: register(*args))(foreseen, previous[None], frame[None])
    np.testing.assert_allclose(flow[:, :, :-16], foreseen[:, :, :-16], atol=1e-4)


def test_fast_motion_is_found_though_nothing_foresaw_it():
    u, v = 10, -3
    texture = gaussian_filter(np.random.default_rng(0).normal(size=(96, 128)), 3)
    texture = 0.5 + 0.15 * texture / texture.std()
    previous, frame = (
        jnp.asarray(texture[16 + y : 80 + y, 16 + x : 112 + x, None], jnp.float32)
        for x, y in ((0, 0), (u, v))
    )
    flow = jax.jit(register)(jnp.zeros((1, 16, 24, 2)), previous[None], frame[None])
    inner = 4 * np.asarray(flow)[0, 4:-4, 4:-4]
    assert np.median(np.linalg.norm(inner - np.array([u, v]), axis=-1)) < 0.6


def clouds_before_a_wall():
    """Two frames: fine texture that stands still below soft light that moves by six pixels."""
    y, x = np.mgrid[:64, :96]
    wall = 0.25 * np.sin(2 * np.pi * x / 4.7) * np.sin(2 * np.pi * y / 4.3)
    light = [0.5 + 0.1 * np.sin(2 * np.pi * (x + 6 * t) / 40) for t in (0, 1)]
    return (jnp.asarray((wall + each)[None, ..., None], jnp.float32) for each in light)


@pytest.mark.parametrize("explained", [registration.EXPLAINED, np.inf])
def test_motion_that_coarse_means_alone_show_is_not_taken(explained, monkeypatch):
    monkeypatch.setattr(registration, "EXPLAINED", explained)
    monkeypatch.setattr(registration, "SCALES", (8,))
    monkeypatch.setattr(registration, "shown", lambda *args: 1.0)
    find = jax.jit(lambda *args: register(*args))
    length = np.linalg.norm(find(jnp.zeros((1, 16, 24, 2)), *clouds_before_a_wall()), axis=-1)
    if explained < 1:
        assert 4 * np.median(length) < 0.1
    else:
        assert 4 * np.median(length) > 2


@pytest.mark.parametrize("cell", [2, 4])
def test_the_share_that_shows_is_that_of_scipys_windows(cell, x64):
    previous, moved, frame = 0.01 * np.random.default_rng(0).uniform(size=(3, 16, 24))

    def error(guess):
        squares = ((guess - frame) ** 2).reshape(16 // cell, cell, 24 // cell, cell)
        deviation = SHOWN_DEVIATION / cell
        radius = int(np.ceil(2 * deviation))
        return gaussian_filter(squares.mean(axis=(1, 3)), deviation, mode="nearest", radius=radius)

    gained = np.maximum(error(previous) - error(moved), 0)
    assert (gained > 0).any() and (gained == 0).any()
    ours = jax.jit(shown, static_argnums=3)(
        *(jnp.asarray(each[..., None]) for each in (previous, moved, frame)), cell
    )
    expected = gained / (gained + 0.25 / 255**2)
    np.testing.assert_allclose(ours[..., 0], expected, rtol=1e-7, atol=1e-12)


def test_motion_that_does_not_show_is_not_carried_on():
    flat = jnp.full((1, 16, 24, 1), 0.5)
    flow = jax.jit(register)(jnp.full((1, 8, 12, 2), 0.7), flat, flat)
    np.testing.assert_array_equal(flow, np.zeros(flow.shape))
