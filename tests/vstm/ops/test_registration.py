import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_motion import moving
from scipy.ndimage import gaussian_filter

from vstm.ops.registration import (
    LARGEST_STEP,
    NOISE,
    REGULARISATION,
    WINDOW_DEVIATION,
    lucas_kanade_step,
    register,
)

pytestmark = pytest.mark.usefixtures("strict_promotion")

GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("cell", [1, 2])
def test_step_solves_the_weighted_least_squares_of_each_cell(cell, x64):
    height, width = 12, 16
    moved, frame = 0.05 * GENERATOR.uniform(size=(2, height, width, 1))
    half_sum = np.pad((moved + frame)[..., 0] / 2, 1, mode="edge")
    d_dx = (half_sum[1:-1, 2:] - half_sum[1:-1, :-2]) / 2
    d_dy = (half_sum[2:, 1:-1] - half_sum[:-2, 1:-1]) / 2
    error = (frame - moved)[..., 0]
    # The window's weight of every pixel, for each cell: SciPy's blur of a cell's indicator.
    rows, columns = height // cell, width // cell
    reach = int(np.ceil(2 * WINDOW_DEVIATION / cell))
    expected = np.zeros((rows, columns, 2))
    for row, column in np.ndindex(rows, columns):
        weights = np.zeros((rows, columns))
        for other in np.ndindex(rows, columns):
            indicator = np.zeros((rows, columns))
            indicator[other] = 1
            weights[other] = gaussian_filter(
                indicator, WINDOW_DEVIATION / cell, mode="nearest", radius=reach
            )[row, column]
        weights = np.kron(weights, np.ones((cell, cell))) / cell**2
        gradient = np.stack([d_dx, d_dy], -1)
        tensor = np.einsum("yx,yxi,yxj->ij", weights, gradient, gradient)
        right = np.einsum("yx,yxi,yx->i", weights, gradient, error)
        squared = (weights * error**2).sum()
        step = np.linalg.solve(tensor + REGULARISATION * np.eye(2), right)
        step *= squared / (squared + NOISE**2)
        expected[row, column] = step * min(1, LARGEST_STEP / np.linalg.norm(step))
    ours = jax.jit(lucas_kanade_step, static_argnums=2)(moved, frame, cell)
    np.testing.assert_allclose(ours, expected, rtol=1e-9)


def test_equal_frames_need_no_step():
    frame = moving(1, (0, 0))
    step = lucas_kanade_step(frame, frame, 2)
    np.testing.assert_array_equal(step, jnp.zeros((1, 24, 32, 2)))


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("velocity", [(0.4, -0.3), (-2.0, 1.2)])
def test_registration_finds_the_motion_that_was_not_foreseen(factor, velocity):
    previous, frame = moving(2, velocity)
    cells = jnp.zeros((1, 48 // factor, 64 // factor, 2))
    flow = jax.jit(register)(cells, previous[None], frame[None])
    inner = factor * np.asarray(flow)[0, 16 // factor : -16 // factor, 16 // factor : -16 // factor]
    np.testing.assert_allclose(inner, np.broadcast_to(velocity, inner.shape), atol=0.12)


def test_registration_leaves_the_motion_that_was_foreseen():
    velocity = np.array([1.0, 0.0])  # whole pixels, so that the moved frame is exact
    previous, frame = moving(2, velocity)
    foreseen = jnp.broadcast_to(jnp.asarray(velocity / 2, jnp.float32), (1, 24, 32, 2))
    flow = jax.jit(register)(foreseen, previous[None], frame[None])
    np.testing.assert_allclose(flow[:, :, :-8], foreseen[:, :, :-8], atol=1e-4)
