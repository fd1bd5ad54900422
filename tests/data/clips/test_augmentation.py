import dataclasses

import numpy as np
import pytest

from data.batches import training_batches
from data.clips.augmentation import Augmentation, random_contrast
from data.clips.data_set import VideoOptions
from data.video.framing import centre_square
from data.video.random_square import random_square

FRAMES = np.random.default_rng(0).integers(0, 256, (5, 10, 16), dtype=np.uint8)
OFF = VideoOptions(random_crops=False, random_flips=False)


def centre(frames, side):
    return centre_square(frames, side).astype(np.float32)[..., None] / 255


def test_augmentation_off_is_the_centre_square():
    made = Augmentation(10, OFF)({"frames": FRAMES}, np.random.default_rng(0))
    np.testing.assert_array_equal(made, centre(FRAMES, 10))
    assert made.dtype == np.float32


def test_flips_and_reversals_are_of_half_the_sequences():
    options = dataclasses.replace(OFF, random_flips=True, random_reversals=True)
    original = centre(FRAMES, 10)
    made = {"": original, "f": original[:, :, ::-1], "r": original[::-1]}
    made["fr"] = made["f"][::-1]
    rng = np.random.default_rng(0)
    counts = dict.fromkeys(made, 0)
    for _ in range(400):
        frames = Augmentation(10, options)({"frames": FRAMES}, rng)
        counts[next(kind for kind, other in made.items() if np.array_equal(frames, other))] += 1
    assert all(70 < count < 130 for count in counts.values())


@pytest.mark.parametrize(
    "options, arguments",
    [
        ({"still_share": 1.0}, {}),
        ({"min_scale": 1.2, "max_scale": 1.3}, {"scales": (1.2, 1.3), "still_share": 0.15}),
        (
            {"max_pan": 2.0, "pan_share": 0.4},
            {"max_pan": 2.0, "pan_share": 0.4, "still_share": 0.15},
        ),
    ],
)
def test_options_of_squares_are_handed_on(options, arguments):
    augmentation = Augmentation(6, VideoOptions(**options, random_flips=False))
    for seed in range(10):
        made = augmentation({"frames": FRAMES}, np.random.default_rng(seed))
        expected = random_square(FRAMES, 6, np.random.default_rng(seed), **arguments)
        np.testing.assert_array_equal(np.round(255 * made[..., 0]), expected)


def test_random_contrast_is_one_line_through_the_mean_for_all_frames():
    sequence = np.float32(0.4) + np.float32(0.1) * np.sin(np.arange(60.0, dtype=np.float32))
    rng = np.random.default_rng(0)
    contrasts, shifts = [], []
    for _ in range(300):
        changed = random_contrast(sequence, rng)
        contrast, offset = np.polyfit(sequence, changed, 1)
        np.testing.assert_allclose(contrast * sequence + offset, changed, atol=1e-6)
        contrasts.append(contrast)
        shifts.append(changed.mean() - sequence.mean())
    assert 0.5 <= min(contrasts) < 0.52 and 1.28 < max(contrasts) <= 1.3 + 1e-5
    assert -0.1 - 1e-6 <= min(shifts) < -0.097 and 0.097 < max(shifts) <= 0.1 + 1e-6


def test_random_contrast_stays_in_range_and_is_asked_for():
    frames = np.tile(np.uint8([0, 255]), (5, 10, 8))
    options = dataclasses.replace(OFF, random_contrast=True)
    found = {
        (float(made.min()), float(made.max()))
        for made in (
            Augmentation(10, options)({"frames": frames}, np.random.default_rng(seed))
            for seed in range(50)
        )
    }
    assert len(found) > 20
    assert min(low for low, _ in found) == 0 and max(high for _, high in found) == 1


def test_augmented_batches_depend_on_seed_and_position_alone():
    windows = [{"frames": np.roll(FRAMES, shift, axis=2)} for shift in range(16)]
    options = VideoOptions(
        min_scale=1.1, max_pan=1.0, pan_share=0.5, random_reversals=True, random_contrast=True
    )
    augmentation = Augmentation(8, options)
    batches = training_batches(windows, 2, 3, augmentation)
    first = [next(batches) for _ in range(4)]
    position = batches.get_state()
    following = [next(batches) for _ in range(12)]
    assert first[0].shape == (2, 5, 8, 8, 1) and first[0].dtype == np.float32
    again = training_batches(windows, 2, 3, augmentation)
    again.set_state(position)
    np.testing.assert_array_equal([next(again) for _ in range(12)], following)
    other = training_batches(windows, 2, 4, augmentation)
    assert not np.array_equal([next(other) for _ in range(4)], first)
