"""Repeats, cuts and stillness on made clips whose story is known."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

from data.clips.changes import ChangeDetector

NOISE = np.random.default_rng(7)
SIZE = (60, 80)


def scene(seed, mean=120.0, spread=40.0, size=(60, 400)):
    """A smooth random texture, float64 [H, W]."""
    texture = gaussian_filter(np.random.default_rng(seed).normal(size=size), 6)
    return mean + spread * (texture - texture.mean()) / texture.std()


def pan(texture, num_frames, speed, start=0):
    """Frames [T, H, W] that move over a texture, `speed` whole pixels a frame."""
    lefts = start + speed * np.arange(num_frames)
    return np.stack([texture[:, left : left + SIZE[1]] for left in lefts])


def found(frames, noise=1.0):
    """What is found in frames with the noise of a recording, grey levels."""
    noisy = np.asarray(frames) + noise * NOISE.normal(size=np.shape(frames))
    detector = ChangeDetector()
    for frame in np.clip(np.round(noisy), 0, 255).astype(np.uint8):
        detector.add(frame)
    return detector.found()


@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("times_shown", [1, 2, 3, 5])
def test_each_picture_that_is_shown_several_times_is_kept_once(times_shown, noise):
    frames = pan(scene(0), 12, 2).repeat(times_shown, axis=0)
    judged = range(times_shown, len(frames) - times_shown)  # what has changes on both sides
    expected = tuple(t for t in judged if t % times_shown)
    assert found(frames, noise).duplicates == expected


def test_repeats_now_and_then_are_found():
    """As in films of 24 frames per second at 30."""
    shown = [t - t // 5 for t in range(25)]
    frames = pan(scene(0), 21, 2)[shown]
    assert found(frames, 0.3).duplicates == (5, 10, 15, 20)


@pytest.mark.parametrize("noise", [0.0, 0.1, 1.0, 4.0])
def test_still_clips_lose_nothing(noise):
    frames = np.tile(scene(0)[:, : SIZE[1]], (30, 1, 1))
    result = found(frames, noise)
    assert result.duplicates == () and result.cuts == ()
    if noise <= 1:
        assert result.still == ((0, 30),)


def test_movements_that_slow_down_and_stop_lose_nothing():
    way = 12 * (1 - np.exp(-np.arange(16) / 2))
    texture = scene(0)
    down, across = np.indices(SIZE)
    there = [map_coordinates(texture, [down, across + left], order=1) for left in way]
    assert found([*there, *there[::-1]], 0.3).duplicates == ()


def test_a_pause_is_no_repeat():
    moving = pan(scene(0), 10, 2)
    frames = np.concatenate([moving, moving[-1:].repeat(6, axis=0), moving[::-1]])
    assert found(frames, 0.3).duplicates == ()


def test_still_stretches_lie_between_movements():
    moving = pan(scene(0), 10, 2)
    frames = np.concatenate([moving, moving[-1:].repeat(20, axis=0), moving[::-1]])
    ((start, stop),) = found(frames, 0.3).still
    assert (start, stop) == (9, 31)  # the way back begins with the same picture


def test_something_small_that_moves_is_no_stillness():
    frames = np.tile(scene(0)[:, : SIZE[1]], (30, 1, 1))
    for t in range(30):
        frames[t, 20:32, 30 + t % 3 : 42 + t % 3] = 250
    assert found(frames).still == ()


@pytest.mark.parametrize("mean, spread", [(120, 40), (22, 7)])
@pytest.mark.parametrize("speed", [0, 2, 5])
def test_a_cut_between_scenes_of_the_same_brightness_is_found(mean, spread, speed):
    one, other = (pan(scene(seed, mean, spread), 10, speed) for seed in (1, 2))
    assert found(np.concatenate([one, other])).cuts == (10,)


def test_a_cut_to_black_and_back_is_two_cuts():
    one, other = (pan(scene(seed), 10, 1) for seed in (1, 2))
    black = np.zeros((10, *SIZE))
    assert found(np.concatenate([one, black, other])).cuts == (10, 20)


def test_a_cut_is_found_among_repeats_and_is_of_no_repeat():
    one, other = (pan(scene(seed), 8, 3).repeat(2, axis=0) for seed in (1, 2))
    result = found(np.concatenate([one, other]), 0.3)
    assert result.cuts == (16,)
    assert result.duplicates == tuple(range(3, 31, 2))


def test_a_fade_is_no_cut():
    one, other = (pan(scene(seed), 12, 1) for seed in (1, 2))
    down = np.linspace(1, 0, 12)[:, None, None]
    assert found(np.concatenate([one * down, other * down[::-1]])).cuts == ()


def test_one_scene_dissolving_into_another_is_no_cut():
    one, other = (pan(scene(seed), 12, 1) for seed in (1, 2))
    mixed = np.linspace(0, 1, 12)[:, None, None]
    frames = np.concatenate([one[:1].repeat(5, axis=0), one * (1 - mixed) + other * mixed])
    assert found(frames).cuts == ()


@pytest.mark.parametrize("length", [1, 2])
@pytest.mark.parametrize("light", ["brighter", "white"])
def test_a_flash_is_no_cut(light, length):
    frames = pan(scene(1), 20, 1)
    frames[9 : 9 + length] = 255 if light == "white" else frames[9 : 9 + length] + 60
    assert found(frames).cuts == ()


def test_light_that_is_switched_on_is_no_cut():
    frames = pan(scene(1, mean=60, spread=20), 20, 1)
    frames[10:] = 1.8 * frames[10:] + 20
    assert found(frames).cuts == ()


@pytest.mark.parametrize("speed", [15, 35])
def test_a_fast_pan_is_no_cut(speed):
    texture = scene(1, size=(60, 800))
    still, fast = pan(texture, 8, 0), pan(texture, 8, speed, start=speed)
    after = fast[-1:].repeat(8, axis=0)
    assert found(np.concatenate([still, fast, after])).cuts == ()


@pytest.mark.parametrize("num_frames", [0, 1, 2, 3])
def test_short_clips_have_nothing(num_frames):
    frames = pan(scene(0), 3, 2)[:num_frames]
    detector = ChangeDetector()
    for frame in frames.astype(np.uint8):
        detector.add(frame)
    assert detector.found() == ((), (), ())
