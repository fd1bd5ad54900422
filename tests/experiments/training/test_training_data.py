"""What training reads, where the host makes frames and where devices do."""

import jax
import numpy as np
import pytest
from made_scenes import LENGTH, SIZE
from small_run import small_config

from experiments.configs.config import resolve
from experiments.training.training_data import TrainingData
from vstm.training.sharding import Devices

OF_SCENES = {
    "data.name": "scenes",
    "data.image_size": SIZE,
    "data.sequence_length": LENGTH,
    "loss": "intensity",
}


@pytest.mark.parametrize("changes, tolerance", [({}, 0), (OF_SCENES, 1e-5)])
def test_devices_make_the_frames_that_the_host_does_and_positions_are_the_same(changes, tolerance):
    ours, theirs = (
        TrainingData(resolve(small_config(**changes, **{"train.frames_on_device": on_device})))
        for on_device in (True, False)
    )
    make = jax.jit(ours.make_frames)
    material = Devices(1).replicate(ours.material)
    for _ in range(3):
        batch, expected = next(ours), next(theirs)
        for data, each in ((ours, batch), (theirs, expected)):
            found = jax.tree.map(lambda a: (a.shape[1:], a.dtype), each)
            assert found == jax.tree.map(lambda a: (a.shape, a.dtype), data.item)
        for frames in (make(material, batch), ours.frames(batch)):
            np.testing.assert_allclose(frames, expected, rtol=0, atol=tolerance)
        np.testing.assert_array_equal(theirs.frames(expected), expected, strict=True)
    assert ours.position() == theirs.position()
    ours.go_to(theirs.position())
    np.testing.assert_allclose(ours.frames(next(ours)), next(theirs), rtol=0, atol=tolerance)
