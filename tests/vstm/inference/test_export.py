"""Exported programs, beside the model that they were made of; see also `experiments.export`."""

import jax
import numpy as np
import pytest
from made_model import make

from vstm.inference.export import PROGRAMS, programs
from vstm.model import Autoencoder
from vstm.ops.separately import portable

CHOICES = {"tracking": True, "softening": True, "decoder_memory": True, "residual": True}


pytestmark = pytest.mark.usefixtures("unchecked_annotations")


@pytest.mark.bench("flatbuffers")
@pytest.mark.parametrize("options", [{}, CHOICES], ids=["paper", "tracking"])
def test_programs_stream_as_the_model_does(options):
    config, params = make(**options)
    params = jax.tree.map(lambda a: a / 2, params)  # flow within the clamp
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
    model = Autoencoder(config, convolution="direct")
    with portable():  # the same operations: noise multiplies what others cost in rounding
        apply = jax.jit(model.apply)
        whole, streamed = apply({"params": params}, frames), None
        for frame in np.swapaxes(frames, 0, 1):
            before = streamed.state if streamed else None
            streamed = apply({"params": params}, frame[:, None], before)
    for output, ours in ((whole, at_once), (streamed, (prediction, flow))):
        expected = model.intensity(output.prediction), model.enlarge(output.flow)
        for each, array in zip(ours, expected, strict=True):
            np.testing.assert_allclose(each, array, atol=1e-6 * np.abs(array).max())
