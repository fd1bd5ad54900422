"""Digits in files of the IDX format, and what is said of damaged ones."""

import gzip

import numpy as np
import pytest
from made_idx import DOTTED, GZIPPED, PLAIN, images_as_idx, labels_as_idx, write_idx_folder

from data.moving_mnist.digits import load_digits
from data.sequences import SPLITS


@pytest.mark.parametrize("pattern", [PLAIN, GZIPPED, DOTTED])
def test_idx_files_read_back_in_order_and_the_last_tenth_validates(pattern, tmp_path):
    # Fashion-MNIST's files have the same names, gzipped.
    written = write_idx_folder(tmp_path, pattern)
    train, validation, test = (load_digits("idx", split, str(tmp_path)) for split in SPLITS)
    for digits, prefix, part in [
        (train, "train", slice(0, 36)),
        (validation, "train", slice(36, 40)),
        (test, "t10k", slice(0, 12)),
    ]:
        images, labels = written[prefix]
        np.testing.assert_array_equal(digits.images, images[part])
        np.testing.assert_array_equal(digits.labels, labels[part])
        assert digits.images.dtype == digits.labels.dtype == np.uint8


@pytest.mark.parametrize(
    "split, prefix", [("train", "train"), ("validation", "train"), ("test", "t10k")]
)
@pytest.mark.parametrize("kind", ["images-idx3-ubyte", "labels-idx1-ubyte"])
def test_missing_idx_file_is_named(split, prefix, kind, tmp_path):
    write_idx_folder(tmp_path)
    path = tmp_path / f"{prefix}-{kind}"
    path.unlink()
    with pytest.raises(FileNotFoundError) as error:
        load_digits("idx", split, str(tmp_path))
    assert str(path) in str(error.value)


@pytest.mark.parametrize("kind", ["images-idx3-ubyte", "labels-idx1-ubyte"])
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda raw: b"", id="empty"),
        pytest.param(lambda raw: raw[:6], id="header-cut"),
        pytest.param(lambda raw: raw[:-1], id="data-cut"),
        pytest.param(lambda raw: raw + b"\0", id="data-too-long"),
        pytest.param(lambda raw: b"\0\0\0\0" + raw[4:], id="magic"),
    ],
)
def test_damaged_idx_file_is_named(damage, kind, tmp_path):
    write_idx_folder(tmp_path)
    path = tmp_path / f"train-{kind}"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError) as error:
        load_digits("idx", "train", str(tmp_path))
    assert str(path) in str(error.value)


@pytest.mark.parametrize("kind", ["images-idx3-ubyte.gz", "labels-idx1-ubyte.gz"])
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda raw: raw[: len(raw) // 2], id="cut"),
        pytest.param(lambda raw: raw[:-1], id="checksum-cut"),
        pytest.param(lambda raw: raw[:15] + b"\xff\xff\xff" + raw[18:], id="overwritten"),
        pytest.param(lambda raw: gzip.decompress(raw), id="not-gzip"),
        pytest.param(lambda raw: gzip.compress(gzip.decompress(raw)[:-1]), id="content-cut"),
    ],
)
def test_damaged_gzip_file_is_named(damage, kind, tmp_path):
    write_idx_folder(tmp_path, GZIPPED)
    path = tmp_path / f"train-{kind}"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError) as error:
        load_digits("idx", "train", str(tmp_path))
    assert str(path) in str(error.value)


@pytest.mark.parametrize("num_images, side", [(39, 28), (40, 27), (0, 28)])
def test_idx_images_that_do_not_fit_labels_or_size_are_named(num_images, side, tmp_path):
    write_idx_folder(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(images_as_idx(np.zeros((num_images, side, side), np.uint8)))
    with pytest.raises(ValueError) as error:
        load_digits("idx", "train", str(tmp_path))
    assert str(path) in str(error.value)


def test_folder_with_too_few_digits_to_split_is_named(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(images_as_idx(np.zeros((1, 28, 28), np.uint8)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(labels_as_idx(np.zeros(1, np.uint8)))
    with pytest.raises(ValueError) as error:
        load_digits("idx", "train", str(tmp_path))
    assert str(path) in str(error.value)
