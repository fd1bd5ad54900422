"""Exported programs, beside the model that they were made of; see also `experiments.export`."""

import numpy as np
import pytest
from made_model import make

from vstm.inference.export import PROGRAMS, programs
from vstm.inference.predictor import VideoPredictor

CHOICES = {"tracking": True, "softening": True, "decoder_memory": True, "residual": True}


@pytest.mark.bench("flatbuffers")
@pytest.mark.parametrize("options", [{}, CHOICES], ids=["paper", "tracking"])
def test_programs_stream_as_the_predictor_does(options):
    config, params = make(**options)
    made = programs(config, params, tau=3)
    assert made.keys() == PROGRAMS.keys()
    y, x = np.mgrid[:16, :16]
    videos = [
        np.stack([0.5 + 0.4 * np.sin((x + v * t) / 2) * np.cos(y / 3) for t in range(3)])
        for v in (1, 2)
    ]
    frames = np.stack(videos).astype(np.float32)[..., None]
    state = made["start"].call(frames[:, 0])
    for number in range(3):
        prediction, flow, *state = made["step"].call(frames[:, number], *state)
    at_once = made["predict"].call(frames)
    for index, video in enumerate(frames):
        *_, last = VideoPredictor(config, params).predictions(video[..., 0])
        for ours, flows in ((prediction, flow), at_once):
            np.testing.assert_allclose(ours[index, ..., 0], last.frame, atol=1e-5)
            np.testing.assert_allclose(flows[index], last.flow, atol=1e-4)
