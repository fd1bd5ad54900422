import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

from vstm.ops.extrapolation import (
    KEPT,
    LARGEST,
    MEMORY,
    REGULARISATION,
    WINDOW_DEVIATION,
    Course,
    extrapolate,
    follow,
    no_course,
)

pytestmark = pytest.mark.usefixtures("strict_promotion")

GENERATOR = np.random.default_rng(0)
CELL = 2
SHAPE = (1, 5, 6, 2)


def extrapolated(motions):
    """After uniform motions [t, 2], pixels of the map."""
    course = no_course(jnp.zeros(SHAPE, jnp.float64))
    step = jax.jit(follow, static_argnums=2)
    for motion in motions:
        course = step(course, jnp.broadcast_to(jnp.asarray(motion), SHAPE), CELL)
    return extrapolate(course)


def test_uniform_motion_is_fitted_by_weighted_least_squares(x64):
    motions = GENERATOR.normal(size=(6, 2))
    known = np.concatenate([np.zeros((2, 2)), CELL * motions])
    matrix, right = REGULARISATION * np.eye(2), np.array([KEPT * REGULARISATION, 0.0])
    for age, seen in enumerate(known[:1:-1]):
        last, before = known[len(known) - 2 - age], known[len(known) - 3 - age]
        pair = np.stack([last, before])
        matrix += MEMORY**age * pair @ pair.T
        right += MEMORY**age * pair @ seen
    k1, k2 = np.linalg.solve(matrix, right)
    assert abs(k1) < LARGEST[0] and abs(k2) < LARGEST[1]
    expected = np.broadcast_to(k1 * motions[-1] + k2 * motions[-2], SHAPE)
    np.testing.assert_allclose(extrapolated(motions), expected, rtol=1e-9)


@pytest.mark.parametrize(
    "motions, following",
    [
        ([(3.0, -1.0)] * 40, (3.0, -1.0)),  # constant speed
        ([(t, 0.5 * t) for t in range(1, 40)], (40.0, 20.0)),  # constant acceleration
        ([(4.0, 2.0), (-4.0, -2.0)] * 20, (4.0, 2.0)),  # to and fro
        ([(5 * np.cos(t), 5 * np.sin(t)) for t in range(40)], (5 * np.cos(40), 5 * np.sin(40))),
    ],
)
def test_lawful_motion_is_foreseen(motions, following, x64):
    ours = extrapolated(motions)
    np.testing.assert_allclose(ours, np.broadcast_to(following, SHAPE), rtol=0.05, atol=0.03)


def test_noise_is_not_foreseen(x64):
    ours = extrapolated(GENERATOR.normal(scale=3, size=(60, 2)))
    assert np.linalg.norm(ours, axis=-1).max() < 1.0  # of motions 4 pixels long


def test_course_is_windowed_and_moved_along_the_motion(x64):
    height, width = 12, 16
    last, before = GENERATOR.normal(size=(2, 1, height, width, 2))
    sums = GENERATOR.uniform(size=(1, height, width, 5))
    seen = GENERATOR.uniform(0.1, 0.9, size=(1, height, width, 2))
    ours = jax.jit(follow, static_argnums=2)(Course(last, before, sums), seen, CELL)
    pairs = [(last, last), (last, before), (before, before), (last, seen), (before, seen)]
    deviation = WINDOW_DEVIATION / CELL
    radius = int(np.ceil(2 * deviation))
    windowed = [
        gaussian_filter(
            CELL**2 * (one * other).sum(-1)[0], deviation, mode="nearest", radius=radius
        )
        for one, other in pairs
    ]
    expected = np.concatenate(
        [seen[0], last[0], MEMORY * sums[0] + np.stack(windowed, -1)], axis=-1
    )
    rows, columns = np.mgrid[:height, :width]
    at = [rows + seen[0, ..., 1], columns + seen[0, ..., 0]]
    moved = [map_coordinates(m, at, order=1, mode="nearest") for m in np.moveaxis(expected, -1, 0)]
    ours = np.concatenate([ours.last, ours.before, ours.sums], -1)[0, :-1, :-1]
    np.testing.assert_allclose(ours, np.stack(moved, -1)[:-1, :-1], rtol=1e-9, atol=1e-12)
