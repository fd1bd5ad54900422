"""The published test set: read back, and what is said of files that are something else."""

import numpy as np
import pytest

from data.moving_mnist.published import PublishedTestSet


@pytest.fixture(scope="module")
def sequences() -> np.ndarray:
    """Uint8 [T, N, H, W], as published but for fewer sequences."""
    return np.random.default_rng(0).integers(256, size=(20, 3, 64, 64), dtype=np.uint8)


@pytest.fixture
def path(sequences, tmp_path):
    path = tmp_path / "mnist_test_seq.npy"
    np.save(path, sequences)
    return path


def test_sizes(path):
    source = PublishedTestSet(path)
    assert len(source) == 3
    assert source.sequence_length == 20
    assert source.frame_size == (64, 64)


def test_sizes_are_the_files_own(tmp_path):
    path = tmp_path / "other.npy"
    np.save(path, np.zeros((5, 2, 48, 32), np.uint8))
    source = PublishedTestSet(path)
    assert len(source) == 2
    assert source.sequence_length == 5
    assert source.frame_size == (48, 32)


@pytest.mark.parametrize("as_type", [str, lambda path: path])
def test_float_items_read_back(as_type, path, sequences):
    source = PublishedTestSet(as_type(path))
    for n in (2, 0, 1):
        frames = source[n]["frames"]
        assert frames.dtype == np.float32 and frames.shape == (20, 64, 64, 1)
        for t in range(20):
            expected = sequences[t, n].astype(np.float64) / 255
            np.testing.assert_allclose(frames[t, :, :, 0], expected, rtol=1e-6, atol=0)


def test_binary_items_are_one_from_intensity_128(path, sequences):
    assert {127, 128} <= set(sequences.flat)
    source = PublishedTestSet(path, "binary")
    for n in range(3):
        frames = source[n]["frames"]
        assert frames.dtype == np.float32
        np.testing.assert_array_equal(frames[..., 0], sequences[:, n] >= 128)


def test_reading_does_not_change_the_file(path, sequences):
    source = PublishedTestSet(path)
    source[1]["frames"][:] = 0.5
    np.testing.assert_array_equal(source[1]["frames"][..., 0] * 255, sequences[:, 1])


def test_index_beyond_the_end_is_an_error(path):
    with pytest.raises(IndexError):
        PublishedTestSet(path)[3]


def test_missing_file_is_named(tmp_path):
    path = tmp_path / "mnist_test_seq.npy"
    with pytest.raises(FileNotFoundError) as error:
        PublishedTestSet(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda raw: b"", id="empty"),
        pytest.param(lambda raw: raw[:40], id="header-cut"),
        pytest.param(lambda raw: raw[: len(raw) // 2], id="half"),
        pytest.param(lambda raw: raw[:-1], id="last-byte"),
        pytest.param(lambda raw: b"<html>" * 100, id="not-npy"),
        pytest.param(lambda raw: b"PK\3\4" + raw[4:], id="broken-zip"),
    ],
)
def test_damaged_file_is_named(damage, path):
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError) as error:
        PublishedTestSet(path)
    assert str(path) in str(error.value)


def test_zip_of_arrays_is_named(path, sequences):
    with path.open("wb") as file:
        np.savez(file, sequences)
    with pytest.raises(ValueError) as error:
        PublishedTestSet(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    "array",
    [
        pytest.param(np.zeros((20, 3, 64, 64), np.float32), id="float"),
        pytest.param(np.zeros((20, 3, 64, 64), np.int8), id="signed"),
        pytest.param(np.zeros((20, 64, 64), np.uint8), id="three-axes"),
        pytest.param(np.zeros((20, 3, 64, 64, 1), np.uint8), id="five-axes"),
        pytest.param(np.array([None, "a"]), id="objects"),
    ],
)
def test_file_of_another_array_is_named(array, tmp_path):
    path = tmp_path / "mnist_test_seq.npy"
    np.save(path, array)
    with pytest.raises(ValueError) as error:
        PublishedTestSet(path)
    assert str(path) in str(error.value)


def test_unknown_pixels_are_named(path):
    with pytest.raises(ValueError, match="grey"):
        PublishedTestSet(path, "grey")
