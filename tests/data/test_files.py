"""Files that others made: pipes, bombs, and errors that name them."""

import io
import os
import zipfile

import numpy as np
import pytest

from data.files.arrays import read_header, read_npz
from data.files.json_files import read_json
from data.files.reading import check_unchanged, reading, state_of


@pytest.mark.parametrize(
    "error", [RecursionError(), KeyError("x"), RuntimeError("encrypted\nfile")]
)
def test_whatever_a_damaged_file_makes_of_itself_names_it(tmp_path, error):
    path = tmp_path / "a.bin"
    path.touch()
    reason = rf"a\.bin: not whole \({type(error).__name__}"
    with pytest.raises(ValueError, match=reason), reading(path, "whole"):
        raise error


def test_what_names_the_file_already_and_what_the_system_says_stay(tmp_path):
    path = tmp_path / "a.bin"
    path.touch()
    with pytest.raises(ValueError, match=r"a\.bin: of the wrong size$"), reading(path, "whole"):
        raise ValueError(f"{path}: of the wrong size")
    reason = r"a\.bin: cannot be read \(Input/output error\)"
    with pytest.raises(OSError, match=reason), reading(path, "whole"):
        raise OSError(5, "Input/output error")


def test_what_is_no_file_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, kind in (("pipe", "pipe"), (".", "folder")):
        with pytest.raises(ValueError, match=f"a {kind}; expected a file"):
            read_json(tmp_path / name)
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    for name in ("nothing", "link", "a\0b", "pipe/below"):
        with pytest.raises(FileNotFoundError, match="no such file"):
            read_json(tmp_path / name)


def test_a_change_is_noticed(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"1")
    state = state_of(path)
    check_unchanged(path, state)
    path.write_bytes(b"12")
    with pytest.raises(ValueError, match=r"a\.bin: has changed"):
        check_unchanged(path, state)


@pytest.mark.parametrize("text", ["[1, NaN]", "[" * 100_000, "9" * 6_000, '{"a"', "\xff"])
def test_what_is_no_json_is_named(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_bytes(text.encode("latin1"))
    with pytest.raises(ValueError, match=r"a\.json: not a JSON file"):
        read_json(path)


def archive_of(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(f"{name}.npy", member)
    buffer.seek(0)
    return buffer


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def test_arrays_are_those_that_numpy_wrote():
    arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3)),
        "c": np.array([True, False]),
        "d": np.float64(2.5),
    }
    read = read_npz(archive_of(**{name: npy(array) for name, array in arrays.items()}))
    assert read.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array, strict=name != "d")


def test_bombs_are_refused_before_they_are_unpacked():
    with pytest.raises(ValueError, match="promises 100000000 bytes"):
        read_npz(archive_of(a=bytes(100_000_000)))


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': " + "(" * 200,
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }",
    ],
)
def test_impossible_headers_are_refused(header):
    text = header.encode() + b"\n"
    content = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(12)
    with pytest.raises(ValueError, match=r"no header of|bytes for"):
        read_npz(archive_of(a=content))


def test_a_header_leads_to_the_first_number():
    file = io.BytesIO(npy(np.full((2, 1), 7, np.uint8)))
    assert read_header(file)[:2] == ((2, 1), False)
    assert file.read() == b"\7\7"
