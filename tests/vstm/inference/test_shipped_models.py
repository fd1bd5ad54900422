"""The models that come with the project do what their pages say."""

import numpy as np
import pytest

from data.moving_mnist.data_set import MOVING_MNIST, MovingMNISTOptions
from data.sequences import SequenceOptions
from vstm.inference.predictor import load
from vstm.variants import VARIANTS

TAU = AHEAD = 10


def squared_error(frame, expected):
    return np.mean(np.square(frame - expected))


@pytest.mark.parametrize("name", ["conv-1enc-1LSTM", "conv-2enc-1LSTM"])
def test_the_shipped_models_know_which_way_a_texture_moves(name):
    """Texture that it has not seen: what moves by (x, y) a frame is sampled at (-x, -y)."""
    predictor = load(name)
    ours, variant = predictor.model.config, VARIANTS[name]
    assert ours.encoder_features == variant.encoder_features
    assert (ours.memory, ours.memory_features) == (variant.memory, variant.memory_features)
    side = 2 * ours.downsampling  # what is smaller than two cells has no flow of its own
    texture = np.kron(np.random.default_rng(0).uniform(size=(30, 40)), np.ones((side, side)))
    for _ in range(3):  # smooth edges, as a camera makes them
        texture = (texture + np.roll(texture, 1, 0) + np.roll(texture, 1, 1)) / 3
    for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1)):
        frames = [texture[28 - y * t : 92 - y * t, 30 - x * t : 94 - x * t] for t in range(13)]
        *_, last = predictor.predictions(frames[:-1])
        inner = np.s_[8:-8, 8:-8]
        error = np.mean(np.square(last.frame - frames[-1])[inner])
        copy = np.mean(np.square(frames[-2] - frames[-1])[inner])
        assert error < 0.3 * copy, (x, y)
        flow = last.flow[inner].mean(axis=(0, 1))
        np.testing.assert_allclose(flow, [-x, -y], atol=0.4, err_msg=f"{x, y}")


def digits(pixels, count):
    """Test sequences of moving MNIST, [count, 20, 64, 64]."""
    options = MovingMNISTOptions(pixels=pixels)
    source = MOVING_MNIST.open_split(options, SequenceOptions(num_test=count), "test")
    return np.stack([source[index]["frames"] for index in range(count)])[..., 0]


@pytest.mark.parametrize(
    "model, pixels, ahead, share",
    [
        ("moving-mnist-conv-1enc-1LSTM", "binary", 1, 0.35),
        ("moving-mnist-conv-2enc-1LSTM", "float", 1, 0.35),
        ("moving-mnist-conv-2enc-1LSTM", "float", AHEAD, 0.45),
    ],
)
def test_the_models_of_moving_mnist_predict_test_sequences(model, pixels, ahead, share):
    predictor = load(model)
    errors, copied = [], []
    for frames in digits(pixels, 6).astype(np.float32):
        *_, prediction = predictor.predictions(frames[:TAU])
        for frame in frames[TAU : TAU + ahead]:
            errors.append(squared_error(prediction.frame, frame))
            copied.append(squared_error(frames[TAU - 1], frame))
            prediction = predictor.step(prediction.frame)
    assert np.mean(errors) < share * np.mean(copied)
