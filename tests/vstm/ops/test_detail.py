import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_motion import moving
from scipy.ndimage import gaussian_filter

from vstm.ops.detail import (
    BLUR_DEVIATIONS,
    MEMORY,
    REGULARISATION,
    WINDOW_DEVIATION,
    agree,
    carry,
    detail_bands,
    gains,
    no_agreement,
    soften,
)

pytestmark = pytest.mark.usefixtures("strict_promotion")

GENERATOR = np.random.default_rng(0)
CELL = 2


def blurred(image, deviation):
    radius = int(np.ceil(2 * deviation))
    return gaussian_filter(image, deviation, mode="nearest", radius=radius)


def bands_of(image):
    """Bands of [H, W] by SciPy's blurs, and the rest."""
    parts = []
    for deviation in BLUR_DEVIATIONS:
        parts.append(image - blurred(image, deviation))
        image = blurred(image, deviation)
    return [*parts, image]


def test_bands_equal_scipys_and_add_up_to_the_frame(x64):
    frame = GENERATOR.uniform(size=(20, 24))
    ours = detail_bands(jnp.asarray(frame)[..., None])[..., 0]
    np.testing.assert_allclose(ours, bands_of(frame), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ours.sum(axis=0), frame, rtol=1e-12)


def test_gains_are_the_windowed_least_squares_of_two_comparisons(x64):
    first, moved, last = GENERATOR.uniform(size=(3, 20, 24))
    still = jnp.zeros((1, 10, 12, 2))
    state = no_agreement(jnp.asarray(first)[None, ..., None], (10, 12))
    state = agree(state, jnp.asarray(moved)[None, ..., None])
    state = carry(state, still, jnp.asarray(moved)[None, ..., None])
    state = jax.jit(agree)(state, jnp.asarray(last)[None, ..., None])

    def windowed(product):
        cells = product.reshape(10, CELL, 12, CELL).mean(axis=(1, 3))
        return blurred(cells, WINDOW_DEVIATION / CELL)

    expected = []
    for a, b, c in zip(*map(bands_of, (first, moved, last)), strict=True):
        products = MEMORY * windowed(a * b) + windowed(b * c)
        energies = MEMORY * windowed(a * a) + windowed(b * b)
        ratio = (products + REGULARISATION) / (energies + REGULARISATION)
        expected.append(np.clip(ratio, 0, 1))
    ours = jnp.moveaxis(gains(state)[0], -1, 0)
    np.testing.assert_allclose(ours, expected[:-1], rtol=1e-8, atol=1e-10)


def test_before_anything_is_known_a_frame_stays_as_it_is(x64):
    frame = jnp.asarray(GENERATOR.uniform(size=(2, 20, 24, 1)))
    ones = gains(no_agreement(frame, (10, 12)))
    np.testing.assert_array_equal(ones, np.ones((2, 10, 12, len(BLUR_DEVIATIONS))))
    np.testing.assert_allclose(soften(frame, ones), frame, rtol=1e-12)


def test_bands_are_weighted_by_their_gains(x64):
    frame = GENERATOR.uniform(size=(20, 24))
    fine, *others = bands_of(frame)
    weights = jnp.broadcast_to(jnp.array([0.25, 1.0, 1.0]), (10, 12, 3))
    ours = soften(jnp.asarray(frame)[..., None], weights)[..., 0]
    np.testing.assert_allclose(ours, 0.25 * fine + sum(others), rtol=1e-10)


def test_detail_that_is_not_found_again_is_left_out():
    """Noise that is new in each frame goes; a texture that stays is kept."""
    texture = np.asarray(moving(1, (0, 0))[0])
    noisy = texture + GENERATOR.normal(scale=0.1, size=(6, *texture.shape))
    frames = jnp.asarray(noisy, jnp.float32)[:, None]
    state = no_agreement(frames[0], (24, 32))
    still = jnp.zeros((1, 24, 32, 2))
    for frame in frames[1:-1]:
        state = carry(agree(state, frame), still, frame)
    softened = soften(frames[-2], gains(state))
    error, copy = (np.mean((np.asarray(f) - texture) ** 2) for f in (softened, frames[-2]))
    assert error < 0.25 * copy
