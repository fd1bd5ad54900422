import av
import numpy as np
import pytest
from made_video import frame_number_image, make_video, number_of
from PIL import Image

from data.video import files as video
from data.video.files import ImageFolder, VideoFile, open_video

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
