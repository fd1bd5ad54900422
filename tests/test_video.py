import gc
import itertools
import struct

import av
import numpy as np
import pytest
from av.stream import Disposition
from made_video import frame_number_image, level, make_video, number_of
from PIL import Image

from data import video
from data.orientation import MAX_PIXELS
from data.video import ImageFolder, VideoFile, open_video

NUM_FRAMES = 10


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv"])
def test_every_frame_in_any_order(tmp_path, name):
    frames = VideoFile(make_video(tmp_path / name, NUM_FRAMES))
    assert len(frames) == NUM_FRAMES
    for number in [0, 1, 2, 9, 3, 8, 8, 0, -1, 5]:
        image = frames[number]
        assert image.dtype == np.uint8
        assert image.shape == (48, 64)
        assert number_of(image, NUM_FRAMES) == number % NUM_FRAMES
    with pytest.raises(IndexError):
        frames[NUM_FRAMES]


def test_grey_levels_are_those_that_were_written(tmp_path):
    frames = VideoFile(make_video(tmp_path / "a.mp4", NUM_FRAMES))
    for number, image in enumerate(frames):
        difference = np.abs(image.astype(int) - frame_number_image(number, (48, 64)))
        assert np.median(difference) <= 3


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv"])
@pytest.mark.parametrize("codec, options", [("mpeg4", {"bf": "2"}), ("libx264", {})])
def test_distant_frames_are_sought_and_are_those_of_one_pass(
    tmp_path, monkeypatch, name, codec, options
):
    monkeypatch.setattr(video, "_FEW_FRAMES", 2)
    path = make_video(tmp_path / name, 40, codec=codec, options=options, key_every=6)
    frames = VideoFile(path)
    in_order = list(frames)
    assert len(in_order) == len(frames) == 40
    decoded = []
    decode = VideoFile._decode
    monkeypatch.setattr(
        VideoFile, "_decode", lambda self, stamp=None: decoded.append(stamp) or decode(self, stamp)
    )
    for number in [39, 1, 20, 11, 35, 12, 12, 18, 0, 30]:
        np.testing.assert_array_equal(frames[number], in_order[number])
    if name != "a.avi":  # where stamps of frames that are shown later may be missing
        assert sum(stamp is not None for stamp in decoded) >= 5


@pytest.mark.parametrize("size", [(239, 321), (241, 320), (50, 33)])
def test_odd_sizes(tmp_path, size):
    frames = VideoFile(make_video(tmp_path / "a.avi", 3, size))
    assert frames.size == size
    assert frames[2].shape == size
    assert number_of(frames[2], NUM_FRAMES) == 2


def test_times_of_a_variable_frame_rate(tmp_path):
    times = [0, 40, 55, 300, 310, 900]
    frames = VideoFile(make_video(tmp_path / "a.mkv", len(times), times=times))
    np.testing.assert_allclose(frames.times, np.array(times) / 1000, atol=2e-3)
    assert [number_of(frames[i], NUM_FRAMES) for i in (5, 0, 3)] == [5, 0, 3]


def test_a_cut_off_file_has_the_frames_before_the_cut(tmp_path):
    path = make_video(tmp_path / "a.avi", 40, size=(120, 160))
    assert VideoFile(path).problem is None
    whole = list(VideoFile(path))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 7 // 10])
    frames = VideoFile(path)
    assert frames.problem == f"promises 40 frames, has {len(frames)}"
    assert 5 <= len(frames) < 40
    np.testing.assert_array_equal(frames[:4], whole[:4])
    assert frames[len(frames) - 1].shape == (120, 160)


def test_a_cut_off_stream_is_told_by_its_duration(tmp_path):
    path = make_video(tmp_path / "a.mkv", 40, size=(120, 160))
    assert VideoFile(path).problem is None
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    frames = VideoFile(path)
    assert 5 <= len(frames) < 40
    assert frames.problem.startswith("promises 1.6 s, has ")


def test_images_of_16_bits(tmp_path):
    levels = np.arange(0, 65536, 4096, dtype=np.uint16).reshape(4, 4)
    Image.fromarray(levels).save(tmp_path / "0.png")
    np.testing.assert_array_equal(open_video(tmp_path)[0], levels // 256)
    Image.fromarray(levels.astype(np.float32)).save(tmp_path / "1.tif")
    with pytest.raises(ValueError, match=r"1.tif: .*pixels of F; expected 8 or 16 bits"):
        open_video(tmp_path)[1]


def cut_off_mp4(path):
    make_video(path, NUM_FRAMES)
    path.write_bytes(path.read_bytes()[:-400])  # loses the index, which is at the end


def without_frames(path):
    make_video(path, 0)


def sound(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mp2", rate=44100, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1152), np.int16), "s16", "mono")
        silence.sample_rate = 44100
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))


@pytest.mark.parametrize(
    "name, make, expected",
    [
        ("a.avi", lambda path: path.write_text("no video, but text"), "not a readable video"),
        ("a.avi", lambda path: path.write_bytes(b""), "not a readable video"),
        ("a.mp4", cut_off_mp4, "not a readable video"),
        ("a.avi", without_frames, "no frame can be decoded|not a readable video|holds no video"),
        ("a.avi", sound, "holds no video"),
    ],
    ids=["text", "empty", "cut off mp4", "no frames", "sound"],
)
def test_what_is_no_video_is_named(tmp_path, name, make, expected):
    path = tmp_path / name
    make(path)
    with pytest.raises(ValueError, match=expected) as error:
        open_video(path)
    assert str(path) in str(error.value)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.mp4: no such file"):
        open_video(tmp_path / "nowhere.mp4")


def test_images_of_a_folder_by_number(tmp_path):
    for number in (10, 2, 1):
        image = frame_number_image(number % 10, (20, 32))
        Image.fromarray(image).save(tmp_path / f"img{number}.png")
    (tmp_path / "groundtruth_rect.txt").write_text("1 2 3 4")
    frames = open_video(tmp_path)
    assert isinstance(frames, ImageFolder)
    assert len(frames) == 3
    for image, number in zip(frames, (1, 2, 0), strict=True):
        np.testing.assert_array_equal(image, frame_number_image(number, (20, 32)))


def test_folder_without_images_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=f"{tmp_path}: no images; expected files .png"):
        open_video(tmp_path)


def test_image_of_another_size_is_named(tmp_path):
    for number, width in enumerate((8, 9)):
        Image.new("L", (width, 6)).save(tmp_path / f"{number}.png")
    with pytest.raises(ValueError, match=r"1.png: \(6, 9\) pixels; expected \(6, 8\)"):
        list(open_video(tmp_path))


def test_damaged_image_is_named(tmp_path):
    (tmp_path / "0.jpg").write_text("no image")
    with pytest.raises(ValueError, match=f"{tmp_path}/0.jpg: not a readable image"):
        open_video(tmp_path)


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


def test_a_file_that_is_another_by_now_becomes_a_problem(tmp_path):
    frames = VideoFile(make_video(tmp_path / "a.mkv", 5))
    make_video(tmp_path / "a.mkv", 5, draw=noise)
    assert frames.problem is None
    list(frames)
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
            f"no frame can be decoded, of {MAX_PIXELS} pixels at most",
        ),
        (
            lambda path: raw_video_header(path, (60_000, 60_000)),
            f"no frame can be decoded, of {MAX_PIXELS} pixels at most",
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
                alive = sum(isinstance(thing, av.VideoFrame) for thing in gc.get_objects())
    finally:
        gc.enable()
    assert alive < 20
