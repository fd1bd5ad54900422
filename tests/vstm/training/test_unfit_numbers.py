import jax
import numpy as np
import optax
import pytest

from vstm.model import Autoencoder
from vstm.modules.model_config import ModelConfig
from vstm.rollout import predict_ahead
from vstm.training.update import init_state, make_train_step

TAU = 3
MODEL = Autoencoder(ModelConfig((3,), "conv", (4,), frame_size=(8, 8), output="logit"))


@pytest.mark.parametrize(
    "options, num_frames, reason",
    [
        ({"num_targets": TAU + 1}, TAU + 1, f"num_targets={TAU + 1}: expected 1 to tau={TAU}"),
        ({"num_targets": 0}, TAU + 1, "num_targets=0: expected 1 to"),
        ({"frames_ahead": 0}, TAU + 1, "frames_ahead=0: expected 1 or more"),
        ({}, TAU, f"sequences of {TAU} frames: expected at least {TAU + 1}, a window"),
        ({"frames_ahead": 2}, TAU + 1, f"expected at least {TAU + 2}, a window"),
        ({"parts": 3}, TAU + 1, "3 parts of 2 sequences: expected a divisor of them"),
    ],
)
def test_an_update_names_numbers_that_do_not_fit(options, num_frames, reason):
    tx = optax.sgd(0.1)
    frames = jax.ShapeDtypeStruct((2, num_frames, 8, 8, 1), np.float32)

    def update(frames):
        state = init_state(MODEL, tx, jax.random.key(0), (8, 8, 1))
        return make_train_step(MODEL, tx, loss="bce", tau=TAU, **options)(state, frames)

    with pytest.raises(ValueError, match=reason):
        jax.eval_shape(update, frames)


def test_at_least_one_frame_is_predicted():
    with pytest.raises(ValueError, match="num_frames=0: expected 1 or more"):
        predict_ahead(MODEL, {}, jax.numpy.zeros((1, TAU, 8, 8, 1)), num_frames=0)
