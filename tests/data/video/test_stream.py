"""Streams give the frames and times of `data.video.files` without decoding first; colour."""

from pathlib import Path

import av
import numpy as np
import pytest
from made_video import make_video
from PIL import Image

from data.video import camera, file_stream
from data.video.files import open_video
from data.video.selection import Selection
from data.video.stream import frames, open_stream, taken_times

GENUINE = next((Path(__file__).parent / "genuine").glob("*.avi"))
ALL = Selection()


def assert_same_as_indexed(path):
    stream, video = open_stream(str(path)), open_video(path)
    taken = list(frames(stream, ALL))
    assert stream.size == video.size
    assert (stream.rate, stream.constant_rate) == (video.rate, video.constant_rate)
    assert [frame.number for frame in taken] == list(range(len(video)))
    for frame, grey in zip(taken, video, strict=True):
        np.testing.assert_array_equal(frame.picture.grey, grey)
    times = np.arange(len(video)) / float(video.rate) if video.constant_rate else video.times
    np.testing.assert_allclose([frame.time for frame in taken], times, rtol=0, atol=1e-9)
    return stream, taken


TIMES = [0, 40, 55, 300, 310, 900]


@pytest.mark.parametrize(
    "name, options",
    [
        ("a.avi", {}),
        ("a.mp4", {"codec": "libx264", "options": {"bf": "3"}}),
        ("a.mkv", {"times": TIMES}),
        ("a.mkv", {"codec": "libx264", "options": {"bf": "2"}, "times": TIMES}),
        ("a.mp4", {"codec": "libx264", "pix_fmt": "yuv444p"}),
    ],
    ids=str,
)
def test_frames_and_times_are_those_of_an_indexed_file(tmp_path, name, options):
    path = make_video(tmp_path / name, 6 if "times" in options else 23, **options)
    stream, taken = assert_same_as_indexed(path)
    assert len(stream.times) == len(taken)
    assert stream.problem is None


def test_a_genuine_clip_whose_packets_are_stamped_in_decoding_order():
    assert_same_as_indexed(GENUINE)


def test_a_file_is_not_decoded_before_its_frames_are_asked_for(tmp_path, monkeypatch):
    path = make_video(tmp_path / "a.avi", 23)
    decoded = []
    decode = file_stream.decode

    def counted(*arguments, **options):
        for frame in decode(*arguments, **options):
            decoded.append(frame)
            yield frame

    monkeypatch.setattr(file_stream, "decode", counted)
    stream = open_stream(str(path))
    assert len(stream.times) == 23
    assert len(decoded) == 1


def test_a_selection_keeps_numbers_and_times(tmp_path):
    stream = open_stream(str(make_video(tmp_path / "a.mp4", 30)))
    selection = Selection(start=0.4, end=0.8, every=3)
    taken = list(frames(stream, selection))
    assert [frame.number for frame in taken] == [10, 13, 16, 19]
    np.testing.assert_allclose([frame.time for frame in taken], np.array([10, 13, 16, 19]) / 25)
    np.testing.assert_allclose(taken_times(stream, selection), np.array([10, 13, 16, 19]) / 25)
    indexed = open_video(tmp_path / "a.mp4")
    for frame in taken:
        np.testing.assert_array_equal(frame.picture.grey, indexed[frame.number])


def colours(number, size):
    """RGB of one colour, which the encoder keeps nearly."""
    image = np.zeros((*size, 3), np.uint8)
    image[:] = [(200, 40, 40), (40, 200, 40), (40, 40, 200)][number % 3]
    return image


def test_colour_is_beside_the_grey(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "5"})
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        for number in range(6):
            image = colours(number, (48, 64))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    _, taken = assert_same_as_indexed(tmp_path / "a.mp4")
    for number, frame in enumerate(taken):
        difference = frame.picture.colour.astype(int) - colours(number, (48, 64))
        assert np.abs(difference).max() <= 4


def test_what_is_stored_in_grey_has_no_colour(tmp_path):
    path = make_video(tmp_path / "a.mkv", 3, codec="ffv1", pix_fmt="gray")
    assert next(frames(open_stream(str(path)), ALL)).picture.colour is None
    Image.new("L", (8, 6), 7).save(tmp_path / "a.png")
    assert next(frames(open_stream(str(tmp_path / "a.png")), ALL)).picture.colour is None


def test_images_and_animations_in_colour(tmp_path):
    images = [Image.fromarray(colours(number, (6, 8))) for number in range(3)]
    (tmp_path / "folder").mkdir()
    for number, image in enumerate(images):
        image.save(tmp_path / "folder" / f"{number}.png")
    images[0].save(tmp_path / "a.png", save_all=True, append_images=images[1:], duration=50)
    for path in (tmp_path / "folder", tmp_path / "a.png"):
        _, taken = assert_same_as_indexed(path)
        for number, frame in enumerate(taken):
            np.testing.assert_array_equal(frame.picture.colour, colours(number, (6, 8)))


def test_a_rotated_and_a_transparent_frame_in_colour(tmp_path):
    image = Image.new("RGBA", (8, 6), (200, 100, 50, 128))
    image.save(tmp_path / "a.png")
    picture = next(frames(open_stream(str(tmp_path / "a.png")), ALL)).picture
    np.testing.assert_allclose(picture.colour[0, 0], np.array([200, 100, 50]) * 128 / 255, atol=1)


def test_a_file_that_is_cut_off_gives_its_frames_and_says_so(tmp_path):
    path = make_video(tmp_path / "a.avi", 30, size=(120, 160))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    stream, video = open_stream(str(path)), open_video(path)
    taken = list(frames(stream, ALL))
    assert len(taken) == len(video) < 30
    assert stream.problem


@pytest.mark.parametrize("name", ["nowhere.mp4", "nowhere"])
def test_missing_files_are_named(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=f"{name}: no such file"):
        open_stream(str(tmp_path / name))


def test_what_is_no_video_is_named(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"text")
    with pytest.raises(ValueError, match=r"a.mp4: not a readable video"):
        open_stream(str(tmp_path / "a.mp4"))


@pytest.fixture
def stand_in(monkeypatch):
    """FFmpeg's test picture in place of a camera: 12 frames of 48x64 at 25 per second."""
    source = "testsrc=size=64x48:rate=25:duration=0.48"
    monkeypatch.setattr(camera, "device", lambda name: (source, "lavfi"))


def test_a_camera_gives_frames_as_they_come(stand_in):
    stream = open_stream("camera:0")
    assert (stream.size, stream.times, stream.live, stream.name) == (
        (48, 64),
        None,
        True,
        "camera:0",
    )
    taken = list(frames(stream, Selection(start=0.08, every=2)))
    stream.close()
    assert [frame.number for frame in taken] == [2, 4, 6, 8, 10]
    np.testing.assert_allclose([frame.time for frame in taken], np.arange(2, 12, 2) / 25)
    assert taken[0].picture.colour.shape == (48, 64, 3)
    assert np.ptp(taken[0].picture.colour.astype(int), axis=-1).max() > 200  # bars of colours


def test_a_camera_that_is_not_there_is_named():
    with pytest.raises(OSError, match=r"^camera:/dev/nocamera: no camera that can be read"):
        camera.Camera("camera:/dev/nocamera")


def test_a_build_without_cameras_is_named(monkeypatch):
    monkeypatch.setattr(camera, "device", lambda name: (name, "no_such_format"))
    with pytest.raises(ValueError, match="camera:0: this build of PyAV has no no_such_format"):
        camera.Camera("camera:0")


@pytest.mark.parametrize(
    "name, system, expected",
    [
        ("camera:0", "linux", ("/dev/video0", "v4l2")),
        ("/dev/video2", "linux", ("/dev/video2", "v4l2")),
        ("camera:1", "darwin", ("1", "avfoundation")),
        ("camera:USB Video", "win32", ("video=USB Video", "dshow")),
    ],
)
def test_what_ffmpeg_calls_a_camera(name, system, expected):
    assert camera.device(name, system) == expected


def test_systems_without_cameras_are_named():
    with pytest.raises(ValueError, match="camera:0: cameras are read on linux, darwin, win32, not"):
        camera.device("camera:0", "plan9")


@pytest.mark.parametrize(
    "name, expected",
    [("camera:0", True), ("/dev/video0", True), ("/dev/null", True), ("clip.mp4", False)],
)
def test_names_of_cameras(name, expected):
    assert camera.is_camera(name) is expected
