"""What scenes are made of: motions, shapes, textures and samples of them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from data.scenes.motion import Pose, draw_camera, draw_object
from data.scenes.rendering import image_points, layer_points, sample
from data.scenes.shapes import draw_shape
from data.scenes.textures import crop_texture, draw_texture

KEYS = jax.random.split(jax.random.key(0), 64)
SIDE, DENSITY = 96, 1.5


def drawn(draw):
    """What a function draws from each of the keys."""
    return jax.tree.map(np.asarray, jax.jit(jax.vmap(draw))(KEYS))


def test_backward_flow_leads_to_the_same_point_of_the_layer():
    random = np.random.default_rng(0)
    scale, offset = random.normal(size=(2, 4, 2)).astype(np.float32).view(np.complex64)[..., 0]
    x = np.asarray(image_points(5))
    pose = Pose(jnp.asarray(scale), jnp.asarray(offset))
    points, flow = np.asarray(layer_points(pose, x)), np.asarray(pose.backward_flow(x))
    for t in range(3):
        np.testing.assert_allclose(scale[t] * (x + flow[t]) + offset[t], points[t + 1], rtol=2e-5)
    assert x[0, 0] == -2 - 2j and x[0, 4] == 2 - 2j and x[4, 0] == -2 + 2j


def test_objects_keep_nearly_the_same_velocity_and_are_seen():
    still = jnp.array(False)

    def draw(key):
        camera = draw_camera(key, jnp.array(True), jnp.array(6.0), 45.0, 13)
        return draw_object(key, still, jnp.array(6.0), jnp.array(8.0), camera, 64)

    scale, offset = drawn(draw)
    centres = -offset / scale  # where the object's origin is in the image
    steps = np.diff(centres, axis=1)
    mean = np.abs(steps.mean(axis=1))
    assert (np.abs(steps[:, -1] - steps[:, 0]) <= 0.7 * mean + 1e-3).all()
    inside = np.maximum(np.abs(centres.real), np.abs(centres.imag)) <= 32
    assert inside.any(axis=1).all()
    assert 0.1 < (mean < 1e-4).mean() < 0.6  # still ones, and those that turn alone


def test_samples_are_bilinear_and_periodic():
    random = np.random.default_rng(0)
    texture = random.random((12, 12, 2)).astype(np.float32)
    x, y = random.uniform(-20, 20, (2, 200)).astype(np.float32)
    ours = sample(jnp.asarray(texture), jax.lax.complex(x, y), 1.5)
    places = [1.5 * y.astype(float) + 5.5, 1.5 * x.astype(float) + 5.5]
    for channel in range(2):
        expected = map_coordinates(texture[..., channel], places, order=1, mode="grid-wrap")
        np.testing.assert_allclose(ours[:, channel], expected, atol=1e-5)
    one = sample(jnp.asarray(texture[..., 1]), jax.lax.complex(x, y), 1.5)
    np.testing.assert_allclose(one, ours[:, 1], atol=1e-6)


def test_shapes_are_distances_from_outlines_inside_the_radius():
    shapes = drawn(lambda key: draw_shape(key, SIDE, DENSITY, 16.0))
    place = (np.arange(SIDE) - (SIDE - 1) / 2) / DENSITY
    beyond = np.hypot(place[:, None], place[None, :]) > 16
    assert (shapes[:, beyond] < 0).all()
    assert (shapes[:, SIDE // 2, SIDE // 2] > 0).all()
    y, x = np.gradient(shapes, 1 / DENSITY, axis=(1, 2))
    slope = np.hypot(y, x)[np.abs(shapes) < 1]
    assert np.median(slope) == pytest.approx(1, abs=0.02)
    assert ((slope > 0.6) & (slope < 1.5)).mean() > 0.9  # not at corners
    areas = (shapes > 0).mean(axis=(1, 2))
    assert len(np.unique(areas)) > 55 and areas.min() > 0.02


def spectrum(textures):
    """Mean power by whole cycles a texture, 1 to SIDE / 2 - 1."""
    power = (np.abs(np.fft.fft2(textures)) ** 2).mean(axis=0)
    frequency = np.fft.fftfreq(SIDE, 1 / SIDE)
    rings = np.round(np.hypot(frequency[:, None], frequency[None, :])).astype(int)
    return np.array([power[rings == ring].mean() for ring in range(1, SIDE // 2)])


def test_textures_have_the_spectra_of_natural_images():
    """Power falls as the frequency to the power of about -2."""
    textures = drawn(lambda key: draw_texture(key, SIDE, DENSITY, 0.0, 48, (3.0, 50.0)))
    np.testing.assert_allclose(textures.mean(axis=(1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(textures.std(axis=(1, 2)), 1, atol=1e-3)
    power = spectrum(textures)
    rings = np.arange(2, 25)
    slope, _ = np.polyfit(np.log(rings), np.log(power[rings - 1]), 1)
    assert -2.6 < slope < -1.6
    wide = np.abs(textures - np.roll(textures, 1, axis=1)).mean(axis=(0, 2))
    assert wide[0] < 1.5 * np.median(wide)  # the first row follows upon the last


def test_blur_is_gaussian():
    draw = jax.jit(lambda blur: draw_texture(KEYS[0], SIDE, DENSITY, blur, 48, (3.0, 50.0)))
    sharp, blurred = (np.asarray(draw(jnp.array(blur))) for blur in (0.0, 1.0))
    ratio = np.abs(np.fft.fft2(blurred)) / np.maximum(np.abs(np.fft.fft2(sharp)), 1e-3)
    cycles = np.fft.fftfreq(SIDE, 1 / DENSITY)[1:20]
    expected = np.exp(-2 * (np.pi * cycles) ** 2)
    np.testing.assert_allclose(ratio[0, 1:20] / ratio[0, 1], expected / expected[0], rtol=0.02)


def test_crops_of_images_are_parts_of_them():
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (3, 40, 40), np.uint8)
    standard = jax.vmap(lambda key: crop_texture(key, images, 24, 1.0, jnp.array(0.0)))
    found = set()
    windows = np.lib.stride_tricks.sliding_window_view(images, (24, 24), axis=(1, 2)).astype(float)
    means, stds = windows.mean(axis=(-2, -1)), windows.std(axis=(-2, -1))
    for crop in np.asarray(standard(KEYS)):
        for mirrored in (False, True):
            corner = crop[:2, ::-1][:, :2] if mirrored else crop[:2, :2]
            scaled = corner * stds[..., None, None] + means[..., None, None]
            same = np.abs(windows[..., :2, :2] - scaled).max(axis=(-2, -1)) < 0.5
            found.update((int(number), mirrored) for number in np.argwhere(same)[:, 0])
    assert found == {(number, mirrored) for number in range(3) for mirrored in (False, True)}
