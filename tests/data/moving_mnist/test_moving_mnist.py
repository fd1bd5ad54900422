"""Moving MNIST: determinism, rendering and options."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from made_digits import LABELS, NOISE, NOISE_DIGITS, PLAIN_DIGITS, SIDE, make_source
from small_run import ROOT

from data.moving_mnist.data_set import MovingMNISTOptions
from data.moving_mnist.digits import Digits
from data.moving_mnist.generator import MovingMNIST
from data.sequences import SequenceOptions


def digest() -> str:
    """Of a few items with everything in them."""
    source = make_source(3, pixels="float", lines=True, speed="drawn", seed=7)
    items = [source[0], source.with_ground_truth(2)]
    return hashlib.sha256(
        b"".join(a.tobytes() for item in items for a in item.values())
    ).hexdigest()


def test_items_do_not_depend_on_the_order_of_access_or_on_the_instance():
    first, second = (make_source(6, lines=True, speed="drawn") for _ in range(2))
    expected = [first.with_ground_truth(i) for i in range(6)]
    for i in (5, 0, 5, 3, 1, 4, 2, 0):
        for source in (first, second):
            item = source[i]
            assert set(item) == {"frames", "labels"}
            np.testing.assert_array_equal(item["frames"], expected[i]["frames"])
            np.testing.assert_array_equal(item["labels"], expected[i]["labels"])
        for name, array in second.with_ground_truth(i).items():
            np.testing.assert_array_equal(array, expected[i][name])


def test_items_are_the_same_in_a_fresh_process():
    folders = (Path(__file__).parent, ROOT / "tests", ROOT)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders))}
    command = [sys.executable, "-c", f"import {Path(__file__).stem} as t; print(t.digest())"]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert process.stdout.strip() == digest()


def test_splits_seeds_and_indices_have_different_sequences():
    # One digit of one intensity: the sequences differ in their motion.
    digits = Digits(PLAIN_DIGITS.images[[9, 9]], LABELS[[9, 9]])
    frames = [
        make_source(4, digits=digits, split=split, seed=seed, pixels="float", num_digits=1)[i][
            "frames"
        ].tobytes()
        for split in ("train", "validation", "test")
        for seed in (0, 1)
        for i in range(4)
    ]
    assert len(set(frames)) == 24


def test_number_of_sequences_does_not_change_them():
    np.testing.assert_array_equal(make_source(3)[2]["frames"], make_source(1000)[2]["frames"])


def test_indices_are_those_of_a_list():
    source = make_source(5)
    assert len(source) == 5
    np.testing.assert_array_equal(source[-1]["frames"], source[4]["frames"])
    np.testing.assert_array_equal(
        source.with_ground_truth(-5)["flow"], source.with_ground_truth(0)["flow"]
    )
    for index in (5, -6):
        with pytest.raises(IndexError):
            source[index]
        with pytest.raises(IndexError):
            source.with_ground_truth(index)


@pytest.mark.parametrize("num_digits, image_size, length", [(1, 48, 2), (2, 64, 20), (3, 96, 5)])
def test_shapes_and_types(num_digits, image_size, length):
    source = make_source(num_digits=num_digits, image_size=image_size, sequence_length=length)
    item = source.with_ground_truth(0)
    side = (image_size, image_size)
    expected = {
        "frames": (np.float32, (length, *side, 1)),
        "labels": (np.uint8, (num_digits,)),
        "positions": (np.int16, (length, num_digits, 2)),
        "object_mask": (np.uint8, (length, *side)),
        "flow": (np.float32, (length - 1, *side, 2)),
    }
    assert {name: (array.dtype.type, array.shape) for name, array in item.items()} == expected


def test_float_frames_are_shares_of_255():
    frames = np.stack([make_source(pixels="float")[i]["frames"] for i in range(5)])
    assert frames.min() == 0 and 0.9 < frames.max() <= 1
    levels = frames.astype(np.float64) * 255
    np.testing.assert_allclose(levels, levels.round(), atol=1e-4)
    assert len(np.unique(frames)) > 100


def test_binary_frames_are_one_where_the_intensity_is_above_a_half():
    ramp = Digits(np.tile(np.arange(114, 142, dtype=np.uint8), (2, SIDE, 1)), LABELS[:2])
    source = make_source(digits=ramp, pixels="binary", num_digits=1)
    item = source.with_ground_truth(0)
    for frame, [(x, y)] in zip(item["frames"], item["positions"]):
        expected = np.zeros((64, 64, 1))
        # 127.5 / 255 is a half: columns 114 to 127 are 0, 128 to 141 are 1.
        expected[y : y + SIDE, x + 14 : x + SIDE] = 1
        np.testing.assert_array_equal(frame, expected)


def test_all_digits_of_the_source_are_drawn():
    source = make_source(60)
    assert {k for i in range(60) for k in source[i]["labels"].tolist()} == set(range(10))


@pytest.mark.parametrize("pixels", ["binary", "float"])
@pytest.mark.parametrize("num_digits, image_size", [(1, 48), (2, 64), (3, 96)])
def test_frames_are_the_maximum_of_the_digits_at_their_positions(num_digits, image_size, pixels):
    images = NOISE / np.float32(255)
    if pixels == "binary":
        images = images > 0.5
    source = make_source(pixels=pixels, num_digits=num_digits, image_size=image_size)
    item = source.with_ground_truth(0)
    for frame, corners in zip(item["frames"], item["positions"].tolist()):
        expected = np.zeros((image_size, image_size))
        for label, (x, y) in zip(item["labels"], corners):
            for row in range(SIDE):
                for column in range(SIDE):
                    value = images[label][row, column]
                    if value > expected[y + row, x + column]:
                        expected[y + row, x + column] = value
        np.testing.assert_array_equal(frame[..., 0], expected)


def test_labels_are_of_the_digits_drawn():
    digits = Digits(PLAIN_DIGITS.images, LABELS[::-1].copy())  # class = 9 - number
    source = make_source(20, digits=digits, pixels="float", num_digits=1)
    for i in range(20):
        item = source[i]
        intensity = round(float(item["frames"].max()) * 255)
        assert item["labels"].tolist() == [9 - (intensity - 20) // 10]


def test_lines_are_one_column_and_one_row_at_the_same_place_in_all_frames():
    with_lines = make_source(12, digits=PLAIN_DIGITS, pixels="float", lines=True)
    places = set()
    for i in range(12):
        item = with_lines.with_ground_truth(i)
        full = item["frames"][..., 0] == 1  # no digit is that bright
        columns = {tuple(np.flatnonzero(frame.all(axis=0))) for frame in full}
        rows = {tuple(np.flatnonzero(frame.all(axis=1))) for frame in full}
        [(column,)], [(row,)] = columns, rows
        places.add((column, row))
        expected = np.zeros((64, 64), bool)
        expected[:, column] = expected[row] = True
        np.testing.assert_array_equal(full, np.broadcast_to(expected, full.shape))
        assert not item["object_mask"][:, expected].any()
        assert not item["flow"][:, expected].any()
    assert len({column for column, _ in places}) > 6 and len({row for _, row in places}) > 6
    assert any(column != row for column, row in places)


def test_lines_change_nothing_else():
    plain, lined = (make_source(pixels="float", lines=lines) for lines in (False, True))
    for i in range(5):
        frames, expected = lined[i]["frames"], plain[i]["frames"]
        line = (frames == 1).all(axis=0)
        np.testing.assert_array_equal(np.where(line, 0, frames), np.where(line, 0, expected))
        assert not (expected == 1).all(axis=(0, 1)).any()


@pytest.mark.parametrize(
    "name, value",
    [
        ("pixels", "auto"),
        ("pixels", "grey"),
        ("image_size", 28),
        ("image_size", -64),
        ("sequence_length", 1),
        ("split", "valid"),
    ],
)
def test_what_cannot_be_generated_is_named(name, value):
    with pytest.raises(ValueError, match=f"^{name}: expected .*{value}"):
        make_source(**{name: value})


@pytest.mark.parametrize(
    "name, value",
    [("num_digits", 1), ("image_size", 29), ("sequence_length", 2), ("step", 0), ("step", 0.5)],
)
def test_options_at_their_limits_work(name, value):
    item = make_source(**{name: value}).with_ground_truth(0)
    assert item["frames"].max() == 1


def test_options_by_default_are_the_published_data_sets():
    options = MovingMNISTOptions(pixels="binary")
    source = MovingMNIST(NOISE_DIGITS, "train", SequenceOptions(), options)
    assert source[0]["frames"].shape == (20, 64, 64, 1)
    assert source[0]["labels"].shape == (2,)
    assert set(np.unique(source[0]["frames"])) == {0, 1}
