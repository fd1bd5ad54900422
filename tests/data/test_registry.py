"""The data sets by name: their options, and that they open what they say."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from made_video import make_video
from small_run import ROOT

from data.clips.prepared_clips import PreparedClips
from data.clips.windows import VideoWindows
from data.moving_mnist.digits import load_digits
from data.prepare import main as prepare
from data.registry import DATA_SETS
from data.sequences import SPLITS, SequenceOptions
from data.sources import GroundTruthSource, Source
from data.video.framing import centre_square

# Few enough for all splits of video to have them.
SMALL = SequenceOptions(30, 4, num_train=5, num_validation=3, num_test=2)


def slow_ramp(number, size):
    return np.broadcast_to(np.arange(size[1]) + number, size).astype(np.uint8)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """Two clips of 60 frames without a cut, the last ones of each for validation and test."""
    source = tmp_path_factory.mktemp("source")
    for name in "ab":
        make_video(source / f"{name}.mp4", 60, draw=slow_ramp)
    output = source / "prepared"
    shares = ["--validation_share=0.2", "--test_share=0.2"]
    prepare(
        ["video_folder", f"--source={source}", f"--output={output}", "--split_by=time", *shares]
    )
    return str(output)


def test_reading_the_registry_imports_nothing_heavy():
    light = "import sys, data.registry; print(*sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", light], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"numpy", "jax", "grain", "av", "PIL", "array_record", "tensorflow_datasets"}
    assert not heavy & set(process.stdout.split())


@pytest.mark.parametrize("name", DATA_SETS)
def test_options_are_plain_values_with_defaults(name):
    options = DATA_SETS[name].options()
    assert dataclasses.is_dataclass(options) and options.__dataclass_params__.frozen
    for field in dataclasses.fields(options):
        assert type(getattr(options, field.name)) in (bool, int, float, str), field.name
    common = {field.name for field in dataclasses.fields(SequenceOptions)}
    assert not common & {field.name for field in dataclasses.fields(options)}


@pytest.mark.parametrize(
    "options, name, value, expected",
    [
        (SequenceOptions, "image_size", 0, "1 to 4096"),
        (SequenceOptions, "image_size", 4097, "1 to 4096"),
        (SequenceOptions, "sequence_length", 1, "2 to 10000"),
        (SequenceOptions, "num_train", 0, "1 to 2147483647"),
        (SequenceOptions, "num_validation", 2**31, "1 to 2147483647"),
        (SequenceOptions, "num_test", -1, "1 to 2147483647"),
        ("moving_mnist", "seed", -1, "0 to 4294967295"),
        ("moving_mnist", "digits", "svhn", "one of embedded, idx, tfds"),
        ("moving_mnist", "pixels", "grey", "one of auto, binary, float"),
        ("moving_mnist", "num_digits", 0, "1 to 255"),
        ("moving_mnist", "num_digits", 256, "1 to 255"),
        ("moving_mnist", "step", -0.1, "0 to 0.5"),
        ("moving_mnist", "step", 0.51, "0 to 0.5"),
        ("moving_mnist", "step", float("nan"), "0 to 0.5"),
        ("moving_mnist", "speed", "fast", "one of constant, drawn"),
        ("scenes", "seed", 2**32, "0 to 4294967295"),
        ("scenes", "num_objects", 0, "1 to 255"),
        ("scenes", "num_objects", 256, "1 to 255"),
        ("scenes", "max_speed", -0.1, "0 to 64"),
        ("scenes", "still_share", 1.1, "0 to 1"),
        ("scenes", "still_camera_share", 0.1, "0.15 to 1"),
        ("scenes", "light", -0.1, "0 to 1"),
        ("scenes", "noise", float("nan"), "0 to 1"),
        ("video", "division", 0, "at least 1"),
        ("video", "window_stride", 0, "1 to 2147483647"),
        ("video", "max_pan", -0.5, "0 to 4096"),
        ("video", "max_pan", float("inf"), "0 to 4096"),
        ("video", "still_share", 1.1, "0 to 1"),
        ("video", "pan_share", -0.1, "0 to 1"),
        ("video", "min_scale", 0.9, "1 to 4096"),
        ("video", "max_scale", 0.9, "1.0 to 4096"),
    ],
)
def test_an_option_outside_its_range_is_named(options, name, value, expected):
    kind = DATA_SETS[options].options if isinstance(options, str) else options
    with pytest.raises(ValueError) as error:
        kind(**{name: value})
    assert str(error.value) == f"{name}: expected {expected}, got {value!r}"


@pytest.mark.parametrize(
    "name, options, message",
    [
        ("moving_mnist", {"digits": "idx"}, "directory: expected the folder of the idx files"),
        ("moving_mnist", {"digits": "tfds", "tfds_name": ""}, "tfds_name: expected the name"),
        ("video", {"max_pan": 1.0, "random_crops": False}, "max_pan: moves the squares of random"),
        ("video", {}, "directory: expected the folder that `python -m data.prepare` wrote"),
    ],
)
def test_options_that_do_not_go_together_are_named(name, options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        DATA_SETS[name].check(DATA_SETS[name].options(**options), SMALL)


def test_digits_need_frames_that_are_larger():
    data_set = DATA_SETS["moving_mnist"]
    data_set.check(data_set.options(), SequenceOptions(29))
    with pytest.raises(ValueError, match=r"^image_size: expected at least 29, got 28"):
        data_set.check(data_set.options(), SequenceOptions(28))


def test_splits_of_moving_mnist_move_their_own_digits():
    data_set = DATA_SETS["moving_mnist"]
    options = data_set.options(pixels="float", num_digits=1, seed=3)
    for split in SPLITS:
        source = data_set.open_split(options, SMALL, split)
        assert isinstance(source, GroundTruthSource)
        assert len(source) == SMALL.num_sequences(split)
        item = source.with_ground_truth(0)
        x, y = item["positions"][0, 0]
        shown = item["frames"][0, y : y + 28, x : x + 28, 0]
        digits = load_digits("embedded", split)
        assert (digits.images == np.round(255 * shown)).all(axis=(1, 2)).any()
    source, *others = data_set.open_training(options, SMALL)
    assert len(source) == 5 and others == [None] * 3
    again = data_set.open_split(options, SMALL, "train")
    np.testing.assert_array_equal(source[4]["frames"], again[4]["frames"])


def test_splits_of_video_are_middle_squares_of_their_windows(directory):
    data_set = DATA_SETS["video"]
    options = data_set.options(directory=directory, window_stride=2)
    clips = PreparedClips(Path(directory))
    for split in SPLITS:
        source = data_set.open_split(options, SMALL, split)
        assert isinstance(source, Source) and not isinstance(source, GroundTruthSource)
        windows = VideoWindows(clips, split, 4, window_stride=2, max_windows=len(source))
        assert len(source) == SMALL.num_sequences(split) == len(windows)
        frames = source[1]["frames"]
        assert frames.dtype == np.float32 and frames.shape == (4, 30, 30, 1)
        squares = centre_square(windows[1]["frames"], 30)
        np.testing.assert_array_equal(np.round(255 * frames[..., 0]), squares)


def test_training_on_video_takes_windows_and_augments_them(directory):
    data_set = DATA_SETS["video"]
    still = dict(directory=directory, random_crops=False, random_flips=False)
    source, augmentation, checksum, on_device = data_set.open_training(
        data_set.options(**still), SMALL
    )
    assert len(source) == 5 and isinstance(checksum, int) and on_device is None
    middle = data_set.open_split(data_set.options(**still), SMALL, "train")[2]["frames"]
    plain = augmentation(source[2], np.random.default_rng(0))
    np.testing.assert_array_equal(plain, middle)
    still |= {"random_reversals": True}
    augmentation = data_set.open_training(data_set.options(**still), SMALL).augmentation
    seen = {augmentation(source[2], np.random.default_rng(seed)).tobytes() for seed in range(20)}
    assert seen == {middle.tobytes(), middle[::-1].tobytes()}


def test_missing_windows_name_the_folder(directory):
    data_set = DATA_SETS["video"]
    options = data_set.options(directory=directory)
    with pytest.raises(ValueError, match=rf"^{directory}: split 'test': no clip has the 13 frames"):
        data_set.open_split(options, SequenceOptions(30, 13), "test")


def test_unknown_split_is_named():
    with pytest.raises(
        ValueError, match="split: expected one of train, validation, test, got 'dev'"
    ):
        SMALL.num_sequences("dev")
