"""Digits of a data set of TensorFlow Datasets, made here."""

from pathlib import Path

import numpy as np
import pytest

from data.moving_mnist import digits as digits_module
from data.moving_mnist.digits import load_digits
from data.sequences import SPLITS


def pairs(digits: digits_module.Digits) -> set[tuple[bytes, int]]:
    return {(image.tobytes(), int(label)) for image, label in zip(digits.images, digits.labels)}


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
