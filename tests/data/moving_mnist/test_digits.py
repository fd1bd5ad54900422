"""Digits: their three sources, the splits, and what is said of damaged files."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from data.moving_mnist import digits as digits_module
from data.moving_mnist import make_digits as make_mnist_digits
from data.moving_mnist.digits import EMBEDDED_FILE, load_digits
from data.sequences import SPLITS

COUNTS = {"train": 40, "t10k": 12}
PLAIN, GZIPPED, DOTTED = "{}-{}-idx{}-ubyte", "{}-{}-idx{}-ubyte.gz", "{}-{}.idx{}-ubyte"


def images_as_idx(images: np.ndarray, magic: int = 2051) -> bytes:
    return struct.pack(">4I", magic, *images.shape) + images.tobytes()


def labels_as_idx(labels: np.ndarray, magic: int = 2049) -> bytes:
    return struct.pack(">2I", magic, len(labels)) + labels.tobytes()


def write_idx_folder(folder: Path, pattern: str = PLAIN) -> dict[str, tuple]:
    rng = np.random.default_rng(0)
    written = {}
    for prefix, count in COUNTS.items():
        images = rng.integers(256, size=(count, 28, 28), dtype=np.uint8)
        labels = rng.integers(10, size=count, dtype=np.uint8)
        written[prefix] = images, labels
        pack = gzip.compress if pattern == GZIPPED else bytes
        (folder / pattern.format(prefix, "images", 3)).write_bytes(pack(images_as_idx(images)))
        (folder / pattern.format(prefix, "labels", 1)).write_bytes(pack(labels_as_idx(labels)))
    return written


def pairs(digits: digits_module.Digits) -> set[tuple[bytes, int]]:
    return {(image.tobytes(), int(label)) for image, label in zip(digits.images, digits.labels)}


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


def write_tfds(folder: Path, data_set: str, parts: dict[str, tuple], channels: int) -> None:
    import tensorflow_datasets as tfds

    # Not registered: only the files say what the data set is. Its images are tensors, as TFDS
    # packs `features.Image` with TensorFlow only.
    class MadeDigits(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        name = data_set
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            image = tfds.features.Tensor(shape=(28, 28, channels), dtype=np.uint8)
            features = {"image": image, "label": tfds.features.ClassLabel(num_classes=10)}
            features = tfds.features.FeaturesDict(features)
            return tfds.core.DatasetInfo(builder=self, features=features)

        def _split_generators(self, dl_manager):
            return {part: self._generate_examples(*digits) for part, digits in parts.items()}

        def _generate_examples(self, images, labels):
            for i, (image, label) in enumerate(zip(images, labels)):
                image = np.repeat(image[..., None], channels, axis=-1)
                yield i, {"image": image, "label": int(label)}

    tfds.disable_progress_bar()
    MadeDigits(data_dir=folder, file_format="array_record").download_and_prepare()


@pytest.fixture(scope="module")
def tfds_folder(tmp_path_factory) -> tuple[Path, dict[str, tuple]]:
    folder = tmp_path_factory.mktemp("tfds")
    rng = np.random.default_rng(1)
    written = {}
    for part, count in [("train", 40), ("test", 12)]:
        images = rng.integers(256, size=(count, 28, 28), dtype=np.uint8)
        written[part] = images, rng.integers(10, size=count, dtype=np.uint8)
    write_tfds(folder, "made_digits", written, channels=1)
    write_tfds(folder, "made_colours", written, channels=3)
    return folder, written


def test_tfds_data_set_reads_back(tfds_folder):
    folder, written = tfds_folder
    train, validation, test = (
        load_digits("tfds", split, str(folder), "made_digits") for split in SPLITS
    )
    assert (len(train), len(validation), len(test)) == (36, 4, 12)
    assert train.images.dtype == train.labels.dtype == np.uint8
    # TFDS shuffles what it writes.
    assert pairs(train) | pairs(validation) == pairs(digits_module.Digits(*written["train"]))
    assert pairs(test) == pairs(digits_module.Digits(*written["test"]))


def test_tfds_data_set_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match="'no_such_digits'"):
        load_digits("tfds", "train", str(tmp_path), "no_such_digits")


def test_tfds_data_set_of_colour_images_is_named(tfds_folder):
    with pytest.raises(ValueError, match="'made_colours'"):
        load_digits("tfds", "train", str(tfds_folder[0]), "made_colours")


def test_truncated_tfds_data_set_is_named(tfds_folder, tmp_path):
    name = "made_digits/1.0.0"
    copy = tmp_path / name
    copy.mkdir(parents=True)
    for path in (tfds_folder[0] / name).iterdir():
        raw = path.read_bytes()
        (copy / path.name).write_bytes(raw[: len(raw) // 2] if "train.array" in path.name else raw)
    with pytest.raises(ValueError, match="'made_digits'"):
        load_digits("tfds", "train", str(tmp_path), "made_digits")
