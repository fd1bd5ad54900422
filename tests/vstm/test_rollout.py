from dataclasses import replace

import jax
import numpy as np
import pytest
from made_model import initial_parameters, noisy

from vstm.model import Autoencoder
from vstm.modules.model_config import ModelConfig
from vstm.rollout import predict_ahead

CONV = ModelConfig((3,), "conv", (4,), frame_size=(8, 8))
DENSE = ModelConfig((3,), "fc", (2,), pointwise_flow=False, frame_size=(8, 8))


@pytest.mark.parametrize("variant", [CONV, DENSE], ids=["conv", "fc"])
@pytest.mark.parametrize("output", ["logit", "intensity"])
def test_predictions_are_those_of_the_sequence_with_the_earlier_ones_appended(variant, output):
    model = Autoencoder(replace(variant, output=output))
    frames = np.random.default_rng(0).uniform(size=(2, 3, 8, 8, 1)).astype(np.float32)
    params = noisy(initial_parameters(model), 0.1)
    ours = jax.jit(lambda frames: predict_ahead(model, params, frames, num_frames=3))(frames)
    assert ours.shape == (2, 3, 8, 8, 1)
    seen = frames
    for n in range(3):
        expected = np.asarray(jax.jit(model.apply)({"params": params}, seen).prediction)
        np.testing.assert_allclose(ours[:, n], expected, rtol=1e-4, atol=1e-5)
        image = 1 / (1 + np.exp(-expected)) if output == "logit" else np.clip(expected, 0, 1)
        seen = np.concatenate([seen, image[:, None]], axis=1)
    assert np.abs(ours[:, 2] - ours[:, 0]).max() > 1e-3
