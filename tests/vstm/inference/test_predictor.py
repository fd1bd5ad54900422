import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_model import make

from vstm.inference.model_file import load_model, save_model
from vstm.inference.predictor import VideoPredictor, load
from vstm.model import Autoencoder


def clip(num_frames=4, size=(16, 24)):
    return np.random.default_rng(0).integers(0, 256, (num_frames, *size), np.uint8)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"output": "logit"},
        {"variant": "conv-2enc-1LSTM", "residual": True},
        {"recurrent_flow": True, "residual": True, "normalise_contrast": True},
    ],
    ids=str,
)
def test_steps_are_those_of_the_model_fed_all_frames(options):
    config, params = make(**options)
    frames = clip()
    *_, last = VideoPredictor(config, params).predictions(frames)
    intensities = (frames / np.float32(255))[None, ..., None]
    model = Autoencoder(config)
    output = jax.jit(model.apply)({"params": params}, intensities)
    expected = np.asarray(output.prediction[0, ..., 0])
    if config.output == "logit":
        expected = 1 / (1 + np.exp(-expected))
    np.testing.assert_allclose(last.frame, expected, atol=2e-4)
    factor = model.config.downsampling
    flow = factor * np.asarray(output.flow[0]).repeat(factor, 0).repeat(factor, 1)
    np.testing.assert_allclose(last.flow, flow, atol=2e-3)
    np.testing.assert_allclose(last.features, output.features[0], atol=1e-4)
    np.testing.assert_allclose(last.memory, output.state.layers[-1][1][0], atol=1e-4)
    assert np.abs(last.flow).max() > 0.1
    assert np.abs(last.frame - last.unmoved).max() > 1e-3


@pytest.mark.parametrize("variant", ["conv-1enc-1LSTM", "conv-2enc-1LSTM"])
@pytest.mark.parametrize("size", [(15, 17), (13, 22), (1, 1)])
def test_odd_sizes_are_the_frames_with_repeated_edges_cut_back(variant, size):
    config, params = make(variant)
    frames = clip(2, size)
    factor = config.downsampling
    height, width = (-(-side // factor) * factor for side in size)
    padded = frames[:, np.minimum(np.arange(height), size[0] - 1)]
    padded = padded[:, :, np.minimum(np.arange(width), size[1] - 1)]
    *_, ours = VideoPredictor(config, params).predictions(frames)
    *_, expected = VideoPredictor(config, params).predictions(padded)
    for name in ("frame", "flow", "unmoved"):
        image = getattr(ours, name)
        assert image.shape[:2] == size
        np.testing.assert_array_equal(image, getattr(expected, name)[: size[0], : size[1]])


def test_reset_forgets_and_real_frames_are_intensities():
    predictor = VideoPredictor(*make())
    frames = clip(3)
    first = predictor.step(frames[0])
    predictor.step(frames[1])
    other = predictor.step(frames[0])
    assert np.abs(other.frame - first.frame).max() > 1e-4
    predictor.reset()
    np.testing.assert_array_equal(predictor.step(frames[0] / 255).frame, first.frame)
    predictor.reset()
    assert predictor.step(clip(1, (20, 20))[0]).frame.shape == (20, 20)


@pytest.mark.parametrize(
    "frame, message",
    [
        (np.zeros((4, 4, 3), np.uint8), r"shape \(4, 4, 3\); expected \[H, W\], grey"),
        (np.zeros((0, 4), np.uint8), r"shape \(0, 4\)"),
        (np.full((16, 16), 1.5), r"in \[1.5, 1.5\]; expected uint8, or real numbers in \[0, 1\]"),
        (np.full((16, 16), np.nan), "expected uint8, or real numbers"),
        (np.full((16, 16), 7), "a frame of int64"),
    ],
)
def test_what_is_no_frame_is_refused(frame, message):
    with pytest.raises(ValueError, match=message):
        VideoPredictor(*make()).step(frame)


def test_another_size_needs_a_reset():
    predictor = VideoPredictor(*make())
    predictor.step(clip(1, (16, 16))[0])
    with pytest.raises(ValueError, match=r"\(8, 16\) pixels after frames of \(16, 16\)"):
        predictor.step(clip(1, (8, 16))[0])


def test_fc_variants_take_their_own_size_alone():
    predictor = VideoPredictor(*make("fc-2enc-1LSTM"))
    assert predictor.step(clip(1, (16, 16))[0]).memory.shape == (4, 4, 8)
    predictor.reset()
    with pytest.raises(
        ValueError, match=r"takes the size alone that it was trained on, \(16, 16\)"
    ):
        predictor.step(clip(1, (16, 20))[0])


def test_model_file_round_trip(tmp_path):
    config, params = make(residual=True)
    save_model(tmp_path / "model.npz", config, params)
    for path in (tmp_path, tmp_path / "model.npz"):
        restored, arrays = load_model(path)
        assert restored == config
        jax.tree.map(np.testing.assert_array_equal, arrays, params)
    frames = clip(2)
    one, other = (
        list(predictor.predictions(frames))
        for predictor in (
            load(tmp_path),
            VideoPredictor(config, params),
        )
    )
    np.testing.assert_array_equal(one[1].frame, other[1].frame)


def test_damaged_and_missing_model_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"model.npz: no such file; training writes it"):
        load(tmp_path)
    save_model(tmp_path / "model.npz", *make())
    content = (tmp_path / "model.npz").read_bytes()
    for damage in (content[:-100], b"text", b""):
        (tmp_path / "model.npz").write_bytes(damage)
        with pytest.raises(ValueError, match=r"model.npz: damaged, or not a model's file"):
            load(tmp_path)
    np.savez(tmp_path / "model.npz", other=1)
    with pytest.raises(ValueError, match=r"model.npz: damaged, or not a model's file"):
        load(tmp_path)


def test_videos_do_not_mix():
    videos = clip(3), clip(3)[::-1]
    predictor = VideoPredictor(*make())
    expected = [predictor.step(frame).memory for frame in videos[0]]
    first, _ = (predictor.predictions(video) for video in videos)  # neither is begun yet
    *_, last = first
    np.testing.assert_array_equal(last.memory, expected[-1])
    with pytest.raises(ValueError, match="another video was begun before the end"):
        list(zip(*map(predictor.predictions, videos), strict=True))


def test_features_are_the_encoders_where_the_decoder_sees_the_memory_too():
    config, params = make(decoder_memory=True, residual=True)
    (prediction,) = VideoPredictor(config, params).predictions(clip(1))
    model = Autoencoder(config)
    encoder = nn.apply(lambda model, frames: model.encoder(frames), model)
    expected = encoder({"params": params}, jnp.asarray(clip(1)[..., None] / np.float32(255)))
    assert prediction.features.shape == (8, 12, config.encoder_features[-1])
    np.testing.assert_allclose(prediction.features, expected[0], atol=1e-5)


@pytest.mark.parametrize("reduction", [0, 1.5])
def test_reductions_that_are_no_whole_numbers_are_refused(reduction, unchecked_annotations):
    with pytest.raises(ValueError, match=f"reduction={reduction}: expected a whole number, 1 or"):
        VideoPredictor(*make(), reduction=reduction)


def test_models_that_come_with_the_project_are_named_where_there_is_none():
    with pytest.raises(FileNotFoundError, match=r"2LSTM: no such .* conv-2enc-1LSTM, mov"):
        load("conv-1enc-2LSTM")
