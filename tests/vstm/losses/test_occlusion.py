"""What was visible before: against a loop, and against the truth of made scenes."""

import jax
import numpy as np
from made_scenes import make_scenes

from vstm.losses.occlusion import visible_before

visible_before = jax.jit(visible_before)


def loop(flow, frame, target):
    """The same, cell by cell."""
    height, width, _ = flow.shape

    def corners(x, y):
        for column in (int(np.floor(x)), int(np.floor(x)) + 1):
            for row in (int(np.floor(y)), int(np.floor(y)) + 1):
                yield row, column, (1 - abs(x - column)) * (1 - abs(y - row))

    def read(values, x, y):
        x, y = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
        return sum(weight * values[row, column] for row, column, weight in corners(x, y) if weight)

    claims, errors = np.zeros((height, width)), np.zeros((height, width))
    error = np.zeros((height, width))
    for y, x in np.ndindex(height, width):
        u, v = flow[y, x]
        error[y, x] = np.abs(read(frame, x + u, y + v) - target[y, x]).mean()
        for row, column, weight in corners(x + u, y + v):
            if 0 <= row < height and 0 <= column < width:
                claims[row, column] += weight
                errors[row, column] += weight * error[y, x]
    mean = errors / np.maximum(claims, 1e-6)
    visible = np.ones((height, width))
    for y, x in np.ndindex(height, width):
        u, v = flow[y, x]
        inside = -0.5 < x + u < width - 0.5 and -0.5 < y + v < height - 0.5
        crowded = read(claims, x + u, y + v) > 1.5
        hidden = crowded and error[y, x] > read(mean, x + u, y + v)
        visible[y, x] = inside and not hidden
    return visible


def test_it_equals_a_loop(x64, strict_promotion):
    generator = np.random.default_rng(0)
    flow = 3 * generator.normal(size=(7, 9, 2))
    frame, target = generator.uniform(size=(2, 7, 9, 2))
    expected = loop(flow, frame, target)
    assert 0.2 < expected.mean() < 0.8
    np.testing.assert_array_equal(visible_before(flow, frame, target), expected)


def test_what_stands_still_or_shifts_as_a_whole_is_visible_but_for_what_came_in():
    frame = np.random.default_rng(0).uniform(size=(6, 8, 1)).astype(np.float32)
    flow = np.zeros((6, 8, 2), np.float32)
    np.testing.assert_array_equal(visible_before(flow, frame, frame), np.ones((6, 8)))
    flow[..., 0] = 3
    expected = np.ones((6, 8))
    expected[:, 5:] = 0
    np.testing.assert_array_equal(visible_before(flow, frame, np.roll(frame, -3, 1)), expected)


def test_by_the_true_flow_of_scenes_most_of_what_was_hidden_is_found_and_little_else():
    found = np.zeros((2, 2))
    source = make_scenes(40)
    for i in range(12):
        item = source.with_ground_truth(i)
        for frame, target, flow, occluded in zip(
            item["frames"][:-1], item["frames"][1:], item["flow"], item["occluded"], strict=True
        ):
            hidden = np.asarray(visible_before(flow, frame, target)) == 0
            np.add.at(found, (hidden.astype(int), occluded.astype(int)), 1)
    precision, recall = found[1, 1] / found[1].sum(), found[1, 1] / found[:, 1].sum()
    assert precision > 0.9 and recall > 0.5, found


def test_no_gradient_passes():
    flow, frame = np.ones((4, 4, 2), np.float32), np.ones((4, 4, 1), np.float32)
    gradient = jax.grad(lambda flow: visible_before(flow, frame, 2 * frame).sum())(flow)
    assert not np.any(gradient)
