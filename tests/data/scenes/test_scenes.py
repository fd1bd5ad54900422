"""Scenes: which sequence an item is, its shapes, and what options change."""

import threading

import jax
import numpy as np
import pytest
from made_scenes import CLEAN, LENGTH, SIZE, make_scenes

from data.batches import training_batches
from data.scenes.layers import Settings, draw_scene
from data.sources import GroundTruthSource


def test_shapes_and_types():
    source = make_scenes()
    assert isinstance(source, GroundTruthSource) and len(source) == 40
    item = source.with_ground_truth(0)
    side = (SIZE, SIZE)
    assert {name: (array.dtype.type, array.shape) for name, array in item.items()} == {
        "frames": (np.float32, (LENGTH, *side, 1)),
        "flow": (np.float32, (LENGTH - 1, *side, 2)),
        "object_mask": (np.uint8, (LENGTH, *side)),
        "occluded": (np.bool_, (LENGTH - 1, *side)),
    }
    frames = np.stack([source[i]["frames"] for i in range(6)])
    assert frames.min() >= 0 and frames.max() <= 1 and frames.std() > 0.1


def test_items_are_the_same_in_any_order_source_and_thread():
    first, second = make_scenes(), make_scenes(5)
    expected = [first.with_ground_truth(i) for i in range(5)]
    found = {}

    def read():
        found.update({i: second.with_ground_truth(i) for i in (4, 0, 3, 1, 2)})

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    for i, item in enumerate(expected):
        np.testing.assert_array_equal(first[i]["frames"], item["frames"])
        for name, array in item.items():
            np.testing.assert_array_equal(found[i][name], array)


def test_splits_seeds_and_indices_have_different_scenes():
    frames = [
        make_scenes(3, split, seed=seed)[i]["frames"].tobytes()
        for split in ("train", "validation", "test")
        for seed in (0, 1)
        for i in range(3)
    ]
    assert len(set(frames)) == 18


def test_indices_are_those_of_a_list():
    source = make_scenes(5)
    np.testing.assert_array_equal(source[-1]["frames"], source[4]["frames"])
    for index in (5, -6):
        with pytest.raises(IndexError):
            source[index]
        with pytest.raises(IndexError):
            source.with_ground_truth(index)


def test_training_reads_them():
    source = make_scenes(4)
    batch = next(training_batches(source, 4, seed=0))
    expected = {source[i]["frames"].tobytes() for i in range(4)}
    assert {frames.tobytes() for frames in batch} == expected


def test_light_and_noise_change_frames_alone():
    """Light is one gain and one offset for each frame."""
    clean, noisy, lit = make_scenes(**CLEAN), make_scenes(light=0.0), make_scenes(noise=0.0)
    truth, changed_truth = clean.with_ground_truth(0), noisy.with_ground_truth(0)
    for name in truth.keys() - {"frames"}:
        np.testing.assert_array_equal(truth[name], changed_truth[name])
    spreads, num_lit = [], 0
    for i in range(12):
        frames, noised, lighted = (source[i]["frames"][..., 0] for source in (clean, noisy, lit))
        inside = (noised > 0) & (noised < 1)
        spreads.append((noised - frames)[inside].std())
        changed = False
        for before, after in zip(frames, lighted, strict=True):
            kept = (after > 0) & (after < 1)
            x, y = before[kept], after[kept]
            columns = np.stack([x, np.ones_like(x)], axis=1)
            fitted = columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
            np.testing.assert_allclose(fitted, y, atol=1e-5)
            changed |= np.abs(y - x).max() > 1e-3
        num_lit += changed
    assert max(spreads) <= 0.031 and sum(spread > 1e-3 for spread in spreads) > 5
    assert 2 <= num_lit <= 10  # half of them, by chance


def test_shares_of_still_scenes_and_cameras_are_as_asked():
    def drawn(key):
        scene = draw_scene(key, Settings(6.0, 3, 0.15, 0.5, 0.0, 0.0), SIZE, LENGTH)
        return scene.still, scene.camera.speed == 0, scene.num_objects

    keys = jax.random.split(jax.random.key(0), 2000)
    still, still_camera, count = map(np.asarray, jax.jit(jax.vmap(drawn))(keys))
    assert still.mean() == pytest.approx(0.15, abs=0.03)
    assert still_camera.mean() == pytest.approx(0.5, abs=0.04)
    assert still_camera[still].all()
    assert np.bincount(count).tolist() == pytest.approx([0, 667, 667, 667], abs=80)


@pytest.mark.parametrize("name, value", [("image_size", 7), ("split", "dev")])
def test_what_cannot_be_made_is_named(name, value):
    with pytest.raises(ValueError, match=f"^{name}: expected .*{value}"):
        make_scenes(**{name: value})


def test_jax_without_a_cpu_is_named(monkeypatch):
    def devices(kind):
        raise RuntimeError(f"Unknown backend {kind}")

    monkeypatch.setattr(jax, "devices", devices)
    with pytest.raises(ValueError, match="made on the CPU, which JAX was told to leave: Unknown"):
        make_scenes()
