"""Scenes that the device makes of their numbers, beside those that the host makes."""

import jax
import numpy as np
import pytest
from made_scenes import LENGTH, SIZE, make_scenes
from PIL import Image

from data.batches import training_batches
from data.scenes.data_set import SCENES, ScenesOptions
from data.sequences import SequenceOptions
from data.sources import Computed


@pytest.mark.parametrize("textures", ["generated", "of images"])
def test_they_are_the_hosts_to_rounding_in_the_same_order(textures, tmp_path):
    if textures == "of images":
        rng = np.random.default_rng(0)
        for i in range(10):
            Image.fromarray(rng.integers(256, size=(90, 90), dtype=np.uint8)).save(
                tmp_path / f"{i}.png"
            )
    options = ScenesOptions(images=str(tmp_path) if textures == "of images" else "")
    sequences = SequenceOptions(SIZE, LENGTH, num_train=7)
    opened = SCENES.open_on_device(options, sequences)
    host = SCENES.open_training(options, sequences)
    assert opened.checksum == host.checksum
    ours = training_batches(opened.source, 4, 1, taken=None)
    theirs = training_batches(host.source, 4, 1)
    make = jax.jit(opened.on_device.make)
    for _ in range(3):
        frames, expected = make(opened.on_device.material, next(ours)), next(theirs)
        assert frames.dtype == expected.dtype and expected.std() > 0.05
        np.testing.assert_allclose(frames, expected, atol=1e-5)
    assert ours.get_state() == theirs.get_state()


def test_numbers_are_those_of_a_list():
    numbers = Computed(len(make_scenes(5)), np.int32)
    assert [int(numbers[i]) for i in (0, 4, -1)] == [0, 4, 4] and len(numbers) == 5
    with pytest.raises(IndexError):
        numbers[5]
