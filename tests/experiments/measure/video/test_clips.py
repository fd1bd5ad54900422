import numpy as np
import pytest
from made_video import level, make_video, number_of
from PIL import Image

from experiments.console.errors import UserError
from experiments.measure.video.clips import find_clips, read_frames


def make_images(folder, count, size=(16, 24)):
    folder.mkdir(parents=True)
    for number in range(count):
        Image.fromarray(np.full(size, level(number), np.uint8)).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def tree(tmp_path):
    """A folder of videos, images in folders and what counts for nothing."""
    root = tmp_path / "clips"
    make_images(root / "lemming" / "img", 3)
    for name in ("a.mp4", "a.avi", "wave/b.mkv", "wave/._b.mkv", ".trash/c.mp4", "notes.txt"):
        path = root / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return root


def test_a_tree_of_videos_and_images(tree):
    assert find_clips([tree]) == {
        "a": tree / "a.avi",
        "a-2": tree / "a.mp4",
        "lemming_img": tree / "lemming" / "img",
        "wave_b": tree / "wave" / "b.mkv",
    }


def test_a_folder_of_images_and_several_folders(tree):
    images, videos = tree / "lemming" / "img", tree / "wave"
    assert find_clips([videos, images]) == {"b": videos / "b.mkv", "lemming_img": images}


@pytest.mark.parametrize(
    "folders, message",
    [
        (["nowhere"], "nowhere: no such folder; expected one of videos or of images"),
        (["a.mp4"], "a.mp4: no such folder"),
        ([".trash/none"], r"none: no clips; expected video files \(.avi, .* folders of images"),
        ([".", "wave"], r"b.mkv: in several of the folders; expected each clip once"),
    ],
)
def test_bad_folders_are_named(tree, folders, message):
    (tree / ".trash" / "none").mkdir()
    with pytest.raises(UserError, match=message):
        find_clips([tree / folder for folder in folders])


def test_frames_are_cut_from_the_middle_of_an_upright_clip(tmp_path):
    make_video(tmp_path / "a.avi", 9, size=(96, 32))
    frames = read_frames(tmp_path / "a.avi", (16, 64), start=3, count=4)
    assert frames.shape == (4, 16, 64)
    assert frames.dtype == np.uint8
    assert [number_of(frame, 9) for frame in frames] == [3, 4, 5, 6]


def test_a_short_clip_gives_what_it_has(tmp_path):
    folder = make_images(tmp_path / "img", 4)
    frames = read_frames(folder, (16, 24), start=1, count=9)
    np.testing.assert_array_equal(frames[:, 0, 0], [level(number) for number in (1, 2, 3)])
    assert read_frames(folder, (16, 24), start=7, count=9).shape == (0, 16, 24)
