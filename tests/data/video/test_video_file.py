"""Which stream, damage, seeks that lead astray, pixels of other kinds, memory."""

import gc
import itertools
import struct

import av
import numpy as np
import pytest
from av.stream import Disposition
from made_video import frame_number_image, level, make_video, number_of
from PIL import Image

from data.video import files as video
from data.video.file_stream import FileStream
from data.video.files import VideoFile, open_video

NUM_FRAMES = 10


def test_a_path_may_be_a_string_and_hold_a_colon(tmp_path, monkeypatch):
    make_video(tmp_path / "12:30.mp4", 3)
    monkeypatch.chdir(tmp_path)
    assert len(open_video("12:30.mp4")) == 3
    Image.new("L", (8, 6)).save(tmp_path / "0.png")
    assert open_video(str(tmp_path)).size == (6, 8)


def make_streams(path, videos, codec="mpeg4"):
    """Streams of frames that show the stream's number; (frames, is a cover) for each."""
    with av.open(str(path), "w") as container:
        streams = []
        for _, is_cover in videos:
            stream = container.add_stream("mjpeg" if is_cover else codec, rate=25)
            stream.height, stream.width = 48, 64
            stream.pix_fmt = "yuvj420p" if is_cover else "yuv420p"
            stream.disposition = Disposition.attached_pic if is_cover else Disposition(0)
            streams.append(stream)
        for number, (stream, (count, _)) in enumerate(zip(streams, videos, strict=True)):
            for _ in range(count):
                image = np.full((48, 64), level(number), np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="gray")))
            container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    "name, videos, chosen",
    [
        ("a.mkv", [(1, False), (12, False)], 1),
        ("a.mp4", [(12, False), (1, True)], 0),
        ("a.mkv", [(12, False), (12, False)], 0),
        ("a.mkv", [(1, False)], 0),
    ],
)
def test_the_stream_that_is_the_video(tmp_path, name, videos, chosen):
    frames = VideoFile(make_streams(tmp_path / name, videos))
    assert len(frames) == videos[chosen][0]
    assert number_of(frames[0], NUM_FRAMES) == chosen


def test_a_cover_alone_is_no_video(tmp_path):
    path = make_streams(tmp_path / "a.mp4", [(1, True)])
    with pytest.raises(ValueError, match=r"a.mp4: holds no video, only pictures such as a cover"):
        VideoFile(path)


def test_colours_hidden_by_transparency_are_black(tmp_path):
    pixels = np.full((48, 64, 4), 200, np.uint8)
    pixels[..., 3] = np.array([255, 0, 51, 255]).repeat(16)
    with av.open(str(tmp_path / "a.mov"), "w") as container:
        stream = container.add_stream("qtrle", rate=25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "argb"
        for _ in range(2):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(format="argb")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    image = VideoFile(tmp_path / "a.mov")[1]
    np.testing.assert_allclose(image[0, 8::16], [200, 0, 40, 200], atol=1)


def test_rows_from_the_bottom_up(tmp_path):
    """As Windows stores bitmaps: a positive height in the AVI's header."""
    path = make_video(
        tmp_path / "a.avi",
        3,
        codec="rawvideo",
        draw=lambda n, s: upside_down(n, s),
        pix_fmt="bgr24",
    )
    header = bytearray(path.read_bytes())
    place = header.find(b"strf") + 8 + 8
    assert struct.unpack_from("<i", header, place) == (-48,)
    struct.pack_into("<i", header, place, 48)
    path.write_bytes(header)
    frames = VideoFile(path)
    for images in (list(frames), [frames[i] for i in (2, 0, 1)][1:]):
        for number, image in enumerate(images):
            expected = frame_number_image(number, (48, 64))
            expected[0] = 0
            np.testing.assert_allclose(image, expected, atol=1)


def upside_down(number, size):
    image = frame_number_image(number, size)
    image[0] = 0
    return image[::-1]


def noise(number, size):
    return np.random.default_rng(number).integers(0, 256, size, np.uint8)


def test_damage_is_decoded_the_same_each_time_and_named(tmp_path):
    path = make_video(tmp_path / "a.avi", 14, size=(48, 64), key_every=50, draw=noise)
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(1)
    start, stop = content.find(b"movi") + 200, content.find(b"idx1")
    for place in rng.integers(start, stop, 60):
        content[place] ^= 1 << int(rng.integers(8))
    path.write_bytes(content)
    one = VideoFile(path)
    assert one.problem is not None
    in_order = list(one)
    other = VideoFile(path)
    assert len(in_order) == len(other) == len(one)
    for number in range(len(other))[::-1]:
        np.testing.assert_array_equal(other[number], in_order[number])


def test_frames_that_differ_after_a_seek_are_read_in_order(tmp_path, monkeypatch):
    """As x264's 4:4:4 does, whose decoder must know its version, given at the start alone."""
    monkeypatch.setattr(video, "_FEW_FRAMES", 2)
    frames = VideoFile(make_video(tmp_path / "a.mkv", 30, key_every=6))
    in_order = list(frames)
    seeks = []
    decode = video.decode

    def garbled(path, stream, note, *, stamp=None, **options):
        decoded = decode(path, stream, note, stamp=stamp, **options)
        if stamp is None:
            return decoded
        seeks.append(stamp)
        return itertools.chain([next(decoded)], map(blank, decoded))

    def blank(frame):
        return av.VideoFrame.from_ndarray(np.zeros((48, 64), np.uint8), format="gray")

    monkeypatch.setattr(video, "decode", garbled)
    for number in (29, 9, 22, 8, 16):
        np.testing.assert_array_equal(frames[number], in_order[number])
    tried = len(seeks)
    for number in (28, 10, 21):
        np.testing.assert_array_equal(frames[number], in_order[number])
    assert len(seeks) == tried > 0
    assert frames.problem is None


@pytest.mark.parametrize("codec, pix_fmt", [("libx264", "yuv444p"), ("libx264", "yuv422p10")])
def test_high_profiles_are_the_same_in_any_order(tmp_path, monkeypatch, codec, pix_fmt):
    monkeypatch.setattr(video, "_FEW_FRAMES", 2)
    path = make_video(tmp_path / "a.mp4", 24, codec=codec, key_every=6, pix_fmt=pix_fmt)
    frames = VideoFile(path)
    in_order = list(frames)
    for number in (23, 7, 19, 12, 0, 13):
        np.testing.assert_array_equal(frames[number], in_order[number])
        assert number_of(frames[number], NUM_FRAMES) == number % 10


@pytest.mark.parametrize("num_frames", [3, 5, 9])
def test_a_file_that_is_another_by_now_is_an_error(tmp_path, num_frames):
    path = tmp_path / "a.mkv"
    frames, stream = VideoFile(make_video(path, 5)), FileStream(path)
    make_video(path, num_frames, draw=noise)
    for read in (lambda: list(frames), lambda: frames[2], lambda: list(stream.shown())):
        with pytest.raises(ValueError, match=r"a\.mkv: has changed while it was read"):
            read()


def test_what_is_decoded_differently_becomes_a_problem(tmp_path):
    frames = VideoFile(make_video(tmp_path / "a.mkv", 5))
    frames._index.checksums[3] ^= 1
    assert frames.problem is None
    assert len(list(frames)) == 5
    assert frames.problem == "is decoded differently each time"


def raw_video_header(path, size):
    make_video(path, 1, codec="rawvideo", pix_fmt="gray", size=(16, 16))
    content = bytearray(path.read_bytes())
    struct.pack_into("<ii", content, content.find(b"strf") + 8 + 4, *size)
    path.write_bytes(content)


def unknown_codec(path):
    make_video(path, 3)
    path.write_bytes(path.read_bytes().replace(b"FMP4", b"QqQq"))


@pytest.mark.parametrize(
    "make, expected",
    [
        (
            lambda path: raw_video_header(path, (16_000, 16_000)),
            "frames of 16000x16000 pixels; expected 1 to 8388608 pixels",
        ),
        (
            lambda path: raw_video_header(path, (60_000, 60_000)),
            "no frame can be decoded, of 8388608 pixels at most",
        ),
        (unknown_codec, "holds a video of a format that is not known"),
    ],
)
def test_absurd_headers_are_refused_by_name(tmp_path, make, expected):
    make(tmp_path / "a.avi")
    with pytest.raises(ValueError, match=rf"a\.avi: {expected}"):
        VideoFile(tmp_path / "a.avi")


def test_frames_are_let_go(tmp_path):
    """At once, not when Python looks for objects that refer to themselves."""
    gc.collect()
    gc.disable()
    try:
        frames = VideoFile(make_video(tmp_path / "a.mp4", 60))
        for number, _ in enumerate(frames):
            if number == 50:
                alive = sum(type(thing) is av.VideoFrame for thing in gc.get_objects())
    finally:
        gc.enable()
    assert alive < 20
