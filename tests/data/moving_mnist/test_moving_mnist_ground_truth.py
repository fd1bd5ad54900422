"""Moving MNIST: the ground truth of flow and masks."""

import numpy as np
import pytest
from made_digits import SIDE, TIED_DIGITS, make_source
from scipy.ndimage import map_coordinates


def warp(frame: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """`frame` [H, W] sampled at (x + u, y + v), 0 outside."""
    y, x = np.mgrid[: frame.shape[0], : frame.shape[1]]
    coordinates = [y + flow[..., 1], x + flow[..., 0]]
    return map_coordinates(frame, coordinates, order=1, mode="constant", cval=0.0)


@pytest.mark.parametrize("pixels", ["binary", "float"])
@pytest.mark.parametrize("image_size, step", [(64, 0.1), (40, 0.5), (96, 0.3)])
def test_flow_of_one_digit_warps_every_frame_into_the_next_exactly(pixels, image_size, step):
    options = dict(num_digits=1, pixels=pixels, image_size=image_size, step=step)
    source = make_source(12, **options)
    num_wall = 0
    for i in range(12):
        item = source.with_ground_truth(i)
        frames = item["frames"][..., 0]
        for t, flow in enumerate(item["flow"]):
            np.testing.assert_array_equal(warp(frames[t], flow), frames[t + 1])
        num_wall += np.isin(item["positions"], (0, image_size - SIDE)).any(axis=(1, 2)).sum()
    assert num_wall > 20  # bounces are among them


@pytest.mark.parametrize("pixels", ["binary", "float"])
def test_flow_of_two_digits_is_exact_while_they_are_apart(pixels):
    source = make_source(12, pixels=pixels, image_size=112, speed="drawn")
    reach = SIDE + 2 * 0.1 * (112 - SIDE)  # side of a digit and the longest step
    num_apart = 0
    for i in range(12):
        item = source.with_ground_truth(i)
        frames = item["frames"][..., 0]
        distance = np.abs(np.diff(item["positions"].astype(int), axis=1)[:, 0]).max(axis=-1)
        for t, flow in enumerate(item["flow"]):
            if min(distance[t], distance[t + 1]) > reach:
                np.testing.assert_array_equal(warp(frames[t], flow), frames[t + 1])
                num_apart += 1
    assert num_apart > 30


def test_flow_of_overlapping_digits_is_exact_where_the_same_digit_shows_in_both_frames():
    source = make_source(pixels="float", num_digits=3)
    num_hidden = 0
    for i in range(5):
        item = source.with_ground_truth(i)
        frames, mask = item["frames"][..., 0], item["object_mask"]
        for t, flow in enumerate(item["flow"]):
            # Sampled at whole pixels, all of them inside, as digits are.
            y, x = np.nonzero(mask[t + 1])
            u, v = flow[y, x].astype(int).T
            same = mask[t, y + v, x + u] == mask[t + 1, y, x]
            warped = warp(frames[t], flow)[y, x]
            np.testing.assert_array_equal(warped[same], frames[t + 1, y, x][same])
            num_hidden += (~same).sum()
    assert num_hidden > 0


@pytest.mark.parametrize("lines", [False, True])
def test_flow_of_digit_pixels_leads_back_to_the_last_position(lines):
    source = make_source(lines=lines, speed="drawn")
    for i in range(5):
        item = source.with_ground_truth(i)
        positions = item["positions"].astype(int)
        for t, flow in enumerate(item["flow"]):
            for k in range(2):
                motion = positions[t, k] - positions[t + 1, k]
                assert (flow[item["object_mask"][t + 1] == k + 1] == motion).all()


def test_uncovered_background_carries_the_motion_of_the_digit_that_left():
    source, seen = make_source(40), 0
    for index in range(40):
        item = source.with_ground_truth(index)
        for t in range(19):
            (ax, ay), (bx, by) = item["positions"][t]
            if max(abs(int(ax) - bx), abs(int(ay) - by)) < 28 + 4:
                continue  # so near that one digit may stand on what the other has left
            before, after = item["object_mask"][t], item["object_mask"][t + 1]
            for k in (1, 2):
                motion = item["positions"][t, k - 1] - item["positions"][t + 1, k - 1]
                left = (before == k) & (after == 0)
                assert (item["flow"][t][left] == motion).all()
                seen += left.sum()
    assert seen > 1000


@pytest.mark.parametrize("num_digits", [1, 2])
def test_flow_is_zero_on_background_that_was_background(num_digits):
    source = make_source(num_digits=num_digits, pixels="float")
    for i in range(5):
        item = source.with_ground_truth(i)
        frames = item["frames"][..., 0]
        still = (frames[:-1] == 0) & (frames[1:] == 0)
        assert still.any() and not item["flow"][still].any()
        assert item["flow"].any()


@pytest.mark.parametrize("pixels", ["binary", "float"])
def test_mask_of_one_digit_is_its_ink(pixels):
    source = make_source(num_digits=1, pixels=pixels)
    for i in range(5):
        item = source.with_ground_truth(i)
        np.testing.assert_array_equal(item["object_mask"], item["frames"][..., 0] > 0)
        assert item["object_mask"].any()


@pytest.mark.parametrize("pixels", ["binary", "float"])
@pytest.mark.parametrize("num_digits", [2, 3])
def test_mask_is_of_the_brightest_digit_and_of_equals_the_later(pixels, num_digits):
    options = dict(num_digits=num_digits, pixels=pixels, image_size=48, sequence_length=6)
    source = make_source(digits=TIED_DIGITS, **options)
    images = TIED_DIGITS.images
    if pixels == "binary":
        images = images > 127
    num_ties = num_earlier = 0
    for i in range(4):
        item = source.with_ground_truth(i)
        for mask, corners in zip(item["object_mask"], item["positions"].tolist()):
            expected = np.zeros((48, 48), int)
            brightest = np.zeros((48, 48), int)
            for k, (label, (x, y)) in enumerate(zip(item["labels"], corners), start=1):
                for row in range(SIDE):
                    for column in range(SIDE):
                        place, value = (y + row, x + column), int(images[label][row, column])
                        if value == 0:
                            continue
                        num_ties += value == brightest[place]
                        num_earlier += value < brightest[place]
                        if value >= brightest[place]:
                            expected[place], brightest[place] = k, value
            np.testing.assert_array_equal(mask, expected)
    assert num_ties > 0
    assert (num_earlier > 0) == (pixels == "float")
