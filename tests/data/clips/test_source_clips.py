import numpy as np
import pytest
from made_sintel import make_sintel
from made_video import frame_number_image, make_video, number_of
from PIL import Image

from data.clips.source_clips import prost, sintel, video_folder, visor


def make_images(folder, num_frames, suffix=".jpg", first=1):
    folder.mkdir(parents=True)
    for number in range(num_frames):
        image = Image.fromarray(frame_number_image(number, (48, 64)))
        image.save(folder / f"{number + first:05d}{suffix}")


def numbers(clip, stride=1):
    rows, problem = clip.rows((24, 32), "crop", stride)
    found = [number_of(row["frame"], 10) for row in rows]
    assert problem() == ""
    return found


def test_any_tree_of_videos_and_images(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    make_video(tmp_path / "deep" / "er" / "one.mp4", 5)
    make_video(tmp_path / "two.AVI", 4, size=(48, 65))
    make_images(tmp_path / "three", 6, ".png")
    (tmp_path / "notes.txt").write_text("no clip")
    clips = video_folder(tmp_path)
    assert [clip.name for clip in clips] == ["deep/er/one.mp4", "three", "two.AVI"]
    assert [numbers(clip) for clip in clips] == [list(range(n)) for n in (5, 6, 4)]
    assert numbers(clips[1], stride=3) == [0, 3]
    assert all(clip.divisions == () for clip in clips)


def test_folders_named_as_splits_are_splits(tmp_path):
    for split in ("train", "validation", "test"):
        (tmp_path / split).mkdir()
        (tmp_path / split / "a.mp4").touch()
    assert {clip.name: clip.divisions for clip in video_folder(tmp_path)} == {
        f"{split}/a.mp4": (split,) for split in ("train", "validation", "test")
    }
    (tmp_path / "b.mp4").touch()
    with pytest.raises(ValueError, match="but also clips beside them"):
        video_folder(tmp_path)


@pytest.mark.parametrize("listing", [video_folder, prost, visor])
def test_empty_folder_is_an_error(tmp_path, listing):
    with pytest.raises(ValueError, match=r"no videos \(.avi, .*\) and no folders of images"):
        listing(tmp_path)


def test_prost_in_both_layouts_and_as_video(tmp_path):
    make_images(tmp_path / "board", 5)
    make_images(tmp_path / "Liquor" / "img", 4)
    (tmp_path / "Liquor" / "groundtruth_rect.txt").write_text("1,2,3,4\n")
    make_video(tmp_path / "box.mp4", 3)
    clips = prost(tmp_path)
    assert [clip.name for clip in clips] == ["Liquor", "board", "box.mp4"]
    assert [numbers(clip) for clip in clips] == [list(range(n)) for n in (4, 5, 3)]
    assert all(clip.divisions == ("test",) for clip in clips)


def test_visor_is_video_files_for_testing(tmp_path):
    make_video(tmp_path / "visor_1.avi", 3)
    (clip,) = visor(tmp_path)
    assert (clip.name, clip.divisions, numbers(clip)) == ("visor_1.avi", ("test",), [0, 1, 2])


def test_sintel_gives_grey_frames_with_flow_and_what_is_visible(tmp_path):
    made = make_sintel(tmp_path, {"alley": 4, "market": 3})
    clips = sintel(tmp_path)
    assert [clip.name for clip in clips] == ["alley", "market"]
    for clip in clips:
        frames, flows, hidden = made[clip.name]
        rows = list(clip.rows(None, "crop", 1)[0])
        assert len(rows) == len(frames)
        for t, row in enumerate(rows):
            expected = np.asarray(Image.fromarray(255 - frames[t]).convert("L"), int)
            assert abs(row["frame"] - expected).max() <= 1
        for t, flow in enumerate(flows):
            np.testing.assert_array_equal(rows[t]["forward_flow"], flow)
            known = ~np.isnan(flow).any(axis=-1)
            np.testing.assert_array_equal(rows[t]["visible"], known & ~hidden[t])
        assert np.isnan(rows[-1]["forward_flow"]).all() and not rows[-1]["visible"].any()


def test_sintel_cannot_be_scaled(tmp_path):
    make_sintel(tmp_path, {"alley": 2})
    with pytest.raises(ValueError, match="in their own size"):
        sintel(tmp_path)[0].rows((24, 32), "crop", 1)
