import struct

import numpy as np
import pytest

from data.flo import read_flo, write_flo


def packed(width, height, values):
    return struct.pack(f"<fii{len(values)}f", 202021.25, width, height, *values)


def test_reads_rows_of_u_and_v(tmp_path):
    path = tmp_path / "a.flo"
    path.write_bytes(packed(3, 2, range(12)))
    flow = read_flo(path)
    assert flow.dtype == np.float32
    for row in range(2):
        for column in range(3):
            first = 2 * (3 * row + column)
            assert tuple(flow[row, column]) == (first, first + 1)


def test_one_large_component_makes_a_pixel_unknown(tmp_path):
    path = tmp_path / "a.flo"
    path.write_bytes(packed(2, 1, [1, 1.6e9, -2, 3]))
    np.testing.assert_array_equal(read_flo(path), [[[np.nan, np.nan], [-2, 3]]])


def test_writes_what_the_format_says(tmp_path):
    path = tmp_path / "a.flo"
    write_flo(path, np.array([[[1, -2], [0.5, 4]]], np.float64))
    assert path.read_bytes() == packed(2, 1, [1, -2, 0.5, 4])


def test_unknown_flow_is_written_as_such(tmp_path):
    path = tmp_path / "a.flo"
    flow = np.array([[[1, 2], [np.nan, np.nan]]], np.float32)
    write_flo(path, flow)
    assert min(struct.unpack("<2f", path.read_bytes()[-8:])) > 1e9
    np.testing.assert_array_equal(read_flo(path), flow)


@pytest.mark.parametrize(
    "content, expected",
    [
        (b"", "not a .flo file"),
        (b"PIEH", "not a .flo file"),
        (b"\0" * 40, "not a .flo file"),
        (packed(3, 2, range(11)), "56 bytes for a flow of 3x2 pixels; expected 60"),
        (packed(3, 2, range(13)), "64 bytes for a flow of 3x2 pixels; expected 60"),
        (packed(-1, 2, []), "12 bytes for a flow of -1x2 pixels"),
    ],
    ids=["empty", "short", "other", "cut off", "too long", "negative"],
)
def test_damaged_file_is_named(tmp_path, content, expected):
    path = tmp_path / "bad.flo"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=expected) as error:
        read_flo(path)
    assert str(path) in str(error.value)
