"""Display matrices, pixels that are not square, interlaced frames."""

from fractions import Fraction

import av
import av.filter
import numpy as np
import pytest
from made_video import make_video

from data.video import files as video
from data.video.files import VideoFile

QUADRANTS = np.array([[40, 100], [160, 220]])
ROTATION = np.array([[0, 1], [-1, 0]])  # right goes down, down goes left: a quarter turn clockwise
MIRROR = np.diag([-1, 1])


def quadrants(number, size):
    return QUADRANTS.astype(np.uint8).repeat(size[0] // 2, 0).repeat(size[1] // 2, 1)


def display_matrix(turn):
    """FFmpeg's nine numbers, 16.16 and 2.30 fixed point, of where (right, down) steps go."""
    (a, b), (c, d) = (65536 * turn).tolist()
    return [a, b, 0, c, d, 0, 0, 0, 1 << 30]


def turned(image, turn):
    """Each pixel carried to its place by the matrix."""
    height, width = image.shape
    places = {(y, x): np.array([x, y]) @ turn for y in range(height) for x in range(width)}
    left, top = np.min(list(places.values()), axis=0)
    result = np.zeros(image.shape if turn[0, 0] else image.shape[::-1], image.dtype)
    for (y, x), (right, down) in places.items():
        result[down - top, right - left] = image[y, x]
    return result


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("quarters", range(4))
def test_frames_are_turned_and_mirrored_as_the_display_matrix_says(tmp_path, quarters, mirrored):
    turn = np.linalg.matrix_power(ROTATION, quarters) @ (
        MIRROR if mirrored else np.eye(2, dtype=int)
    )
    path = tmp_path / "a.mp4"
    make_video(path, 3, draw=quadrants, set_up=lambda s: s.set_display_matrix(display_matrix(turn)))
    frames = VideoFile(path)
    assert frames.size == ((64, 48) if quarters % 2 else (48, 64))
    height, width = frames.size
    for image in (*frames, frames[2]):
        assert image.shape == frames.size
        centres = image[height // 4 :: height // 2, width // 4 :: width // 2]
        np.testing.assert_allclose(centres, turned(QUADRANTS, turn), atol=4)


def test_a_phone_held_upright_is_a_clockwise_quarter_turn():
    """-90 degrees in FFmpeg's display.h, which counts anticlockwise."""
    np.testing.assert_array_equal(turned(QUADRANTS, ROTATION), [[160, 40], [220, 100]])


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
@pytest.mark.parametrize(
    "aspect, size",
    [
        ("8/9", (54, 64)),
        ("16/11", (48, 93)),
        ("64/45", (48, 91)),
        ("1/2", (96, 64)),
        ("2", (48, 128)),
    ],
)
def test_pixels_become_square(tmp_path, name, aspect, size):
    """An ellipse as stored, which is a circle as shown."""
    aspect = Fraction(aspect)

    def circle(number, stored):
        y, x = np.mgrid[: stored[0], : stored[1]]
        x, y = (x - 31.5) * float(aspect), y - 23.5
        return np.where(x**2 + y**2 < 15**2, 220, 30).astype(np.uint8)

    def set_up(stream):
        stream.codec_context.sample_aspect_ratio = aspect

    frames = VideoFile(make_video(tmp_path / name, 2, draw=circle, set_up=set_up))
    assert frames.size == size
    bright = frames[1] > 125
    across, down = bright.any(axis=0).sum(), bright.any(axis=1).sum()
    assert abs(across - down) <= 2


def test_what_no_camera_has_counts_as_square(tmp_path):
    def set_up(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(1, 200)

    assert VideoFile(make_video(tmp_path / "a.mkv", 2, set_up=set_up)).size == (48, 64)


def bar(time, size):
    """A bar that moves four pixels per field, on a slant of grey."""
    x = np.arange(size[1])
    row = np.where((x - 4 * time) % size[1] < 16, 220, 60)
    return np.broadcast_to(row, size).astype(np.uint8)


def make_interlaced(path, order, codec, options, num_frames=12):
    """Frame n holds the bar at times 2n and 2n + 1, in the rows that come first and second."""
    first = 0 if order == "tff" else 1
    graph = av.filter.Graph()
    source = graph.add_buffer(width=64, height=48, format="gray", time_base=Fraction(1, 25))
    mark = graph.add("setfield", order)
    graph.link_nodes(source, mark, graph.add("format", "yuv420p"), graph.add("buffersink"))
    graph.configure()
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        stream.gop_size, stream.bit_rate = 4, 4_000_000
        flags = av.codec.context.Flags
        stream.codec_context.flags |= flags.interlaced_dct | flags.interlaced_me
        for number in range(num_frames):
            image = np.zeros((48, 64), np.uint8)
            image[first::2] = bar(2 * number, (24, 64))
            image[1 - first :: 2] = bar(2 * number + 1, (24, 64))
            frame = av.VideoFrame.from_ndarray(image, format="gray")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            graph.push(frame)
            container.mux(stream.encode(graph.vpull()))
        container.mux(stream.encode(None))
    return path


INTERLACED = [
    ("a.mpg", "mpeg2video", {}),
    ("a.mkv", "libx264", {"preset": "fast", "x264-params": "keyint=4:min-keyint=4"}),
]


@pytest.mark.parametrize("order", ["tff", "bff"])
@pytest.mark.parametrize("name, codec, options", INTERLACED)
def test_interlaced_frames_show_the_first_field(tmp_path, monkeypatch, order, name, codec, options):
    monkeypatch.setattr(video, "_FEW_FRAMES", 2)
    if codec == "libx264":
        options = options | {"x264-params": options["x264-params"] + f":{order}=1"}
    frames = VideoFile(make_interlaced(tmp_path / name, order, codec, options))
    in_order = list(frames)
    assert len(in_order) == len(frames) == 12
    assert frames.problem is None
    for number, image in enumerate(in_order):
        error = np.abs(image.astype(int) - bar(2 * number, (48, 64)))
        assert np.median(error) < 8
        # Rows of the other field, shown as they are, would be a bar of four pixels beside it.
        assert (error > 60).mean() < 0.02
    for number in (11, 4, 8, 7, 5, 0, 9, 2, 11):
        np.testing.assert_array_equal(frames[number], in_order[number])


def test_frames_too_small_to_deinterlace_are_left(tmp_path):
    from data.video.deinterlacing import deinterlaced

    frame = av.VideoFrame(2, 2, "gray")
    frame.time_base = Fraction(1, 25)
    assert [f.height for f in deinterlaced(iter([frame, frame]))] == [2, 2]
