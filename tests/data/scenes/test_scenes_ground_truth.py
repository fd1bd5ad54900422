"""Scenes: flow, masks and occlusion against the frames and against each other."""

import numpy as np
import pytest
from made_scenes import CLEAN, LENGTH, SIZE, make_scenes
from scipy.ndimage import map_coordinates, maximum_filter, minimum_filter

Y, X = np.mgrid[:SIZE, :SIZE].astype(float)


def pairs(source, indices):
    """Frames t and t + 1 with what is known of them."""
    for i in indices:
        item = source.with_ground_truth(i)
        frames, masks = item["frames"][..., 0], item["object_mask"]
        for t in range(LENGTH - 1):
            yield frames[t : t + 2], masks[t : t + 2], item["flow"][t], item["occluded"][t]


def origin(flow):
    """Nearest pixels of frame t that pixels of frame t + 1 come from, (y, x), clipped."""
    places = (Y + flow[..., 1], X + flow[..., 0])
    return tuple(np.clip(np.round(place), 0, SIZE - 1).astype(int) for place in places)


def uniform(mask, size):
    """Where nothing else shows in a square of size x size pixels around."""
    return maximum_filter(mask, size) == minimum_filter(mask, size)


def warp(frame, flow):
    """`frame` [H, W] sampled at (x + u, y + v) by cubic splines."""
    return map_coordinates(frame, [Y + flow[..., 1], X + flow[..., 0]], order=3, mode="nearest")


@pytest.fixture(scope="module")
def moving():
    return make_scenes(still_share=0.0, **CLEAN)


def test_flow_warps_frames_into_the_next_where_edges_are_far(moving):
    errors, beside, copied = [], [], []
    for (frame, following), (before, after), flow, occluded in pairs(moving, range(25)):
        far = uniform(after, 9) & uniform(before, 9)[origin(flow)] & ~occluded & flow.any(-1)
        errors.append(np.abs(warp(frame, flow) - following)[far])
        beside.append(np.abs(warp(frame, flow + np.float32(0.2)) - following)[far])
        copied.append(np.abs(frame - following)[far])
    errors, beside, copied = map(np.concatenate, (errors, beside, copied))
    assert len(errors) > 5_000
    assert errors.mean() < 1e-3 and np.quantile(errors, 0.99) < 0.015
    assert errors.mean() < 0.2 * beside.mean() and errors.mean() < 0.1 * copied.mean()


def test_occlusion_follows_from_masks_and_flow(moving):
    num_hidden = num_outside = num_visible = num_slivers = 0
    for _, (before, after), flow, occluded in pairs(moving, range(25)):
        y, x = Y + flow[..., 1], X + flow[..., 0]
        outside = (np.minimum(x, y) < 0) | (np.maximum(x, y) > SIZE - 1)
        near = np.minimum(np.minimum(x, y), SIZE - 1 - np.maximum(x, y))
        clear = np.abs(near) > 1e-3
        np.testing.assert_array_equal(occluded[outside & clear], True)
        places = origin(flow)
        sure = uniform(before, 3)[places] & uniform(after, 3) & ~outside & clear
        hidden = before[places] != after
        assert occluded[sure & hidden].all()
        num_outside += outside.sum()
        num_hidden += (sure & hidden).sum()
        num_visible += (sure & ~hidden).sum()
        num_slivers += (occluded & sure & ~hidden).sum()  # of objects thinner than a pixel
    assert num_outside > 500 and num_hidden > 20
    assert num_slivers < 1e-3 * num_visible


def test_pixels_of_an_object_move_as_one(moving):
    """Each object's flow is a similarity: u + iv is linear in x + iy."""
    num_objects = 0
    for _, (_, after), flow, _ in pairs(moving, range(10)):
        for k in np.unique(after):
            shows = after == k
            if shows.sum() < 10:
                continue
            x, u = (X + 1j * Y)[shows], (flow[..., 0] + 1j * flow[..., 1])[shows]
            columns = np.stack([x, np.ones_like(x)], axis=1)
            fitted = columns @ np.linalg.lstsq(columns, u, rcond=None)[0]
            np.testing.assert_allclose(fitted, u, atol=1e-4)
            num_objects += k > 0
    assert num_objects > 30


def test_nothing_moves_in_still_scenes():
    source = make_scenes(still_share=1.0, still_camera_share=1.0, **CLEAN)
    for i in range(4):
        item = source.with_ground_truth(i)
        assert not item["flow"].any() and not item["occluded"].any()
        for name in ("frames", "object_mask"):
            np.testing.assert_array_equal(item[name], item[name][:1].repeat(LENGTH, axis=0))


def test_a_still_camera_leaves_the_background():
    source = make_scenes(still_share=0.0, still_camera_share=1.0)
    moved = 0
    for _, (_, after), flow, _ in pairs(source, range(8)):
        assert not flow[after == 0].any()
        moved += flow.any()
    assert moved > 12


@pytest.mark.parametrize("max_speed", [0.5, 6.0])
def test_nothing_is_faster_than_allowed_and_speeds_vary(max_speed):
    source = make_scenes(still_share=0.0, max_speed=max_speed)
    flows = np.stack([source.with_ground_truth(i)["flow"] for i in range(16)])
    fastest = np.linalg.norm(flows, axis=-1).max(axis=(1, 2, 3))
    assert fastest.max() <= max_speed * (1 + 1e-5)
    assert (fastest > max_speed / 2).sum() >= 2 and (fastest < max_speed / 4).sum() >= 2


def test_objects_are_counted_from_one_and_at_most_as_many_as_asked():
    largest = [
        make_scenes(num_objects=count).with_ground_truth(i)["object_mask"].max()
        for count in (1, 3)
        for i in range(8)
    ]
    assert max(largest[:8]) == 1 and max(largest[8:]) == 3
