import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from data.kitti_flow import read_kitti, write_kitti


def flow_of(size, seed=0, scale=100.0):
    flow = np.random.default_rng(seed).normal(scale=scale, size=(*size, 2)).astype(np.float32)
    return np.clip(flow, -511, 511)


def decoded(path):
    """[h, w, 3] of a PNG whose rows are not filtered."""
    content = path.read_bytes()
    width, height, bits, colours = struct.unpack(">IIBB", content[16:26])
    assert (bits, colours) == (16, 2)
    start = content.index(b"IDAT")
    (length,) = struct.unpack(">I", content[start - 4 : start])
    rows = zlib.decompress(content[start + 4 : start + 4 + length])
    pixels = []
    for row in range(height):
        line = rows[row * (1 + 6 * width) :][: 1 + 6 * width]
        assert line[0] == 0
        pixels.append(struct.unpack(f">{3 * width}H", line[1:]))
    return np.array(pixels).reshape(height, width, 3)


def test_pixels_are_those_of_the_format(tmp_path):
    flow = flow_of((5, 7))
    flow[1, 2] = np.nan, 3
    flow[2, 3] = 512, 0
    flow[3, 4] = 0, -512.1
    flow[4, 5] = -512, 511.98
    write_kitti(tmp_path / "a.png", flow)
    unknown = np.zeros((5, 7), bool)
    unknown[[1, 2, 3], [2, 3, 4]] = True
    expected = np.zeros((5, 7, 3))
    expected[~unknown, :2] = np.rint(flow[~unknown].astype(np.float64) * 64 + 2**15)
    expected[~unknown, 2] = 1
    np.testing.assert_array_equal(decoded(tmp_path / "a.png"), expected)
    # Pillow reads the upper byte of each channel, and checks the checksums.
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (7, 5)
        np.testing.assert_array_equal(np.asarray(image), expected.astype(int) >> 8)


def test_round_trip_is_exact_to_a_128th(tmp_path):
    flow = flow_of((5, 7))
    flow[1, 2] = np.nan
    write_kitti(tmp_path / "a.png", flow)
    read = read_kitti(tmp_path / "a.png")
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, flow, rtol=0, atol=1 / 128)


def filtered_png(values, kind):
    """A PNG of uint16 [h, w, 3] whose rows have one of PNG's filters, by its definition."""
    raw = values.astype(">u2").view(np.uint8).reshape(len(values), -1).astype(int)
    lines = []
    for y, row in enumerate(raw):
        line = [kind]
        for x, value in enumerate(row):
            a = row[x - 6] if x >= 6 else 0
            b = raw[y - 1][x] if y else 0
            c = raw[y - 1][x - 6] if y and x >= 6 else 0
            nearest = min((a, b, c), key=lambda guess: abs(a + b - c - guess))
            line.append((value - (0, a, b, (a + b) // 2, nearest)[kind]) % 256)
        lines.append(bytes(line))
    header = struct.pack(">IIBBBBB", values.shape[1], len(values), 16, 2, 0, 0, 0)
    body = zlib.compress(b"".join(lines))
    parts = ((b"IHDR", header), (b"IDAT", body[:9]), (b"IDAT", body[9:]), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part))
        for kind, part in parts
    )


@pytest.mark.parametrize("kind", range(5))
def test_files_of_other_writers_with_their_filters(tmp_path, kind):
    values = np.random.default_rng(kind).integers(0, 2**16, (4, 5, 3))
    values[..., 2] = 1
    content = filtered_png(values, kind)
    with Image.open(io.BytesIO(content)) as image:  # the test's encoder is right
        np.testing.assert_array_equal(np.asarray(image), values >> 8)
    (tmp_path / "a.png").write_bytes(content)
    np.testing.assert_array_equal(read_kitti(tmp_path / "a.png"), (values[..., :2] - 2**15) / 64)


@pytest.mark.bench("cv2")
def test_opencv_reads_the_same(tmp_path):
    import cv2

    write_kitti(tmp_path / "a.png", flow_of((5, 7)))
    image = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(image[..., ::-1], decoded(tmp_path / "a.png"))


def test_what_is_no_such_file_is_named(tmp_path):
    path = tmp_path / "a.png"
    write_kitti(path, flow_of((5, 7)))
    content = path.read_bytes()
    buffer = io.BytesIO()
    Image.new("RGB", (7, 5)).save(buffer, "PNG")
    damaged = content[:60] + bytes([content[60] ^ 1]) + content[61:]
    for other in (b"", b"text", content[:-20], damaged, buffer.getvalue()):
        path.write_bytes(other)
        with pytest.raises(ValueError, match=r"a.png: not a flow as KITTI writes it"):
            read_kitti(path)
