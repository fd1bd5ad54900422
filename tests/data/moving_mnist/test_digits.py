"""Digits: those that come with the project, the splits, and what is said of unknown names."""

import numpy as np
import pytest
from made_idx import write_idx_folder

from data.moving_mnist import digits as digits_module
from data.moving_mnist import make_digits as make_mnist_digits
from data.moving_mnist.digits import EMBEDDED_FILE, load_digits
from data.sequences import SPLITS


@pytest.fixture(scope="module")
def embedded() -> dict[str, digits_module.Digits]:
    return {split: load_digits("embedded", split) for split in SPLITS}


def test_embedded_file_is_large_enough_and_small_enough(embedded):
    assert len(embedded["train"]) + len(embedded["validation"]) >= 8000
    assert len(embedded["test"]) >= 2000
    assert EMBEDDED_FILE.stat().st_size <= 3_000_000


@pytest.mark.parametrize("split", SPLITS)
def test_embedded_digits_are_images_of_all_ten_classes(embedded, split):
    digits = embedded[split]
    assert digits.images.dtype == np.uint8 and digits.images.shape == (len(digits), 28, 28)
    assert digits.labels.dtype == np.uint8 and digits.labels.shape == (len(digits),)
    assert set(digits.labels.tolist()) == set(range(10))


def test_embedded_digits_are_mnist_spread_over_its_files(embedded):
    # The first labels of MNIST's files, of which the embedded file has every 40/9th and 10/3rd.
    train = [5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5, 3, 6, 1, 7, 2, 8, 6, 9]
    test = [7, 2, 1, 0, 4, 1, 4, 9, 5, 9, 0, 6, 9, 0, 1, 5, 9, 7, 3, 4]
    assert embedded["train"].labels[:5].tolist() == [train[i] for i in (0, 4, 8, 13, 17)]
    assert embedded["test"].labels[:6].tolist() == [test[i] for i in (0, 3, 6, 10, 13, 16)]
    # Mean and standard deviation of MNIST's training pixels, as commonly used to normalise it.
    pixels = embedded["train"].images / 255
    assert abs(pixels.mean() - 0.1307) < 0.001
    assert abs(pixels.std() - 0.3081) < 0.001


@pytest.mark.parametrize("source", ["embedded", "idx"])
def test_no_digit_is_in_two_splits(source, tmp_path):
    write_idx_folder(tmp_path)
    splits = [load_digits(source, split, str(tmp_path)).images for split in SPLITS]
    seen = [{image.tobytes() for image in images} for images in splits]
    assert all(seen)
    assert seen[0].isdisjoint(seen[1])
    assert seen[0].isdisjoint(seen[2])
    assert seen[1].isdisjoint(seen[2])


def test_missing_embedded_file_is_named(tmp_path, monkeypatch):
    path = tmp_path / "digits.npz"
    monkeypatch.setattr(digits_module, "EMBEDDED_FILE", path)
    with pytest.raises(FileNotFoundError) as error:
        load_digits("embedded", "train")
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda raw: b"", id="empty"),
        pytest.param(lambda raw: b"nonsense" * 100, id="not-zip"),
        pytest.param(lambda raw: raw[: len(raw) // 2], id="cut"),
        pytest.param(lambda raw: raw[:1000] + b"\xff\xff\xff" + raw[1003:], id="not-deflate"),
        pytest.param(lambda raw: raw[:8000] + b"\xff\xff\xff" + raw[8003:], id="checksum"),
        pytest.param(lambda raw: raw.replace(b"train_images", b"train_pixels"), id="other-name"),
    ],
)
def test_damaged_embedded_file_is_named(damage, tmp_path, monkeypatch):
    path = tmp_path / "digits.npz"
    digits = np.random.default_rng(0).integers(256, size=(20, 28, 28), dtype=np.uint8)
    np.savez_compressed(path, train_images=digits, train_labels=np.arange(20, dtype=np.uint8))
    monkeypatch.setattr(digits_module, "EMBEDDED_FILE", path)
    assert len(load_digits("embedded", "train")) == 18
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError) as error:
        load_digits("embedded", "train")
    assert str(path) in str(error.value)


def test_unknown_source_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"^digits: .*embedded, idx, tfds, got 'svhn'"):
        load_digits("svhn", "train")


def test_unknown_split_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"^split: .*train, validation, test, got 'valid'"):
        load_digits("embedded", "valid")


def test_embedded_file_is_made_of_evenly_spaced_idx_digits(tmp_path, monkeypatch):
    written = write_idx_folder(tmp_path)
    path = tmp_path / "made.npz"
    monkeypatch.setattr(digits_module, "EMBEDDED_FILE", path)
    monkeypatch.setattr(make_mnist_digits, "NUM_DIGITS", {"train": 16, "test": 5})
    assert make_mnist_digits.main([f"--source={tmp_path}"]) == 0
    with np.load(path) as made:
        for part, prefix, spacing, count in [("train", "train", 2.5, 16), ("test", "t10k", 2.4, 5)]:
            images, labels = written[prefix]
            chosen = [int(i * spacing) for i in range(count)]
            np.testing.assert_array_equal(made[f"{part}_images"], images[chosen])
            np.testing.assert_array_equal(made[f"{part}_labels"], labels[chosen])


def test_a_folder_without_digits_is_named(tmp_path, capsys):
    assert make_mnist_digits.main([f"--source={tmp_path}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {tmp_path}/train-images-idx3-ubyte: no such file")
