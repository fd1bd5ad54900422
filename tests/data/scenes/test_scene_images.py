"""Scenes with textures from a folder of images."""

import numpy as np
import pytest
from made_scenes import LENGTH, SIZE, make_scenes
from PIL import Image

from data.scenes.data_set import SCENES, ScenesOptions
from data.scenes.images import read_images
from data.sequences import SPLITS, SequenceOptions


@pytest.fixture
def folder(tmp_path):
    """Twenty images, each of its own intensity."""
    for i in range(20):
        Image.new("L", (50 + i, 40), 10 * i).save(tmp_path / f"{i}.png")
    (tmp_path / "notes.txt").write_text("no image")
    return tmp_path


def test_each_image_is_of_one_split(folder):
    seen = {split: read_images(folder, split, 16)[:, 0, 0].tolist() for split in SPLITS}
    train = [10 * i for i in range(20) if i % 10 < 8]
    assert seen == {"train": train, "validation": [80, 180], "test": [90, 190]}
    assert read_images(folder, "test", 24).shape == (2, 24, 24)


def test_more_images_than_are_kept_are_taken_evenly(folder, monkeypatch):
    monkeypatch.setattr("data.scenes.images._MOST", 4)
    assert read_images(folder, "train", 8)[:, 0, 0].tolist() == [0, 50, 120, 170]


def test_too_few_and_damaged_images_are_named(folder):
    (folder / "3.png").write_bytes(b"damaged")
    with pytest.raises(ValueError, match=r"3\.png: not a readable image"):
        read_images(folder, "train", 8)
    for i in range(11):
        (folder / f"{i}.png").unlink()
    with pytest.raises(ValueError, match=rf"^{folder}: expected 10 images or more .*found 9"):
        make_scenes(images=str(folder))
    with pytest.raises(FileNotFoundError):
        make_scenes(images=str(folder / "missing"))


def test_surfaces_show_the_images(folder):
    """Stripes: columns differ and rows do not."""
    for i in range(20):
        stripes = np.broadcast_to(np.uint8(255 * (np.arange(300) // 15 % 2)), (300, 300))
        Image.fromarray(stripes).save(folder / f"{i}.png")
    still = dict(still_share=1.0, still_camera_share=1.0, num_objects=1, noise=0.0)
    options = ScenesOptions(images=str(folder), **still)
    sequences = SequenceOptions(SIZE, LENGTH, 8)
    training = SCENES.open_training(options, sequences)
    across = down = 0.0
    for i in range(8):
        frame = training.source[i]["frames"][0, ..., 0]
        background = training.source.with_ground_truth(i)["object_mask"][0] == 0
        across += np.abs(np.diff(frame, axis=1))[background[:, 1:]].mean()
        rows = background[1:, :] & background[:-1, :]
        down += np.median(np.abs(np.diff(frame, axis=0))[rows])
    assert across > 0.05 and down < 1e-3
    assert isinstance(training.checksum, int)
    Image.new("L", (300, 300)).save(folder / "0.png")
    assert SCENES.open_training(options, sequences).checksum != training.checksum
    assert SCENES.open_training(ScenesOptions(), sequences).checksum is None
