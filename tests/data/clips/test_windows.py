import dataclasses

import numpy as np
import pytest

from data.clips.clip_info import ClipInfo
from data.clips.prepared_clips import write_clip
from data.clips.windows import CentreSquares, VideoWindows

LENGTHS = (9, 20)
SPLITS = (
    ({"train": [0, 6], "test": [6, 9]}, {"train": [0, 9]}),
    ({"train": [0, 20]}, {"test": [0, 20]}),
)


class Clips(list):
    """Prepared clips whose pixels at the left show clip and frame."""

    def __init__(self, **settings):
        self.settings = settings
        super().__init__(
            ClipInfo(f"{i}", "", length, (10, 16), 0, cuts=(), splits=splits)
            for i, (length, splits) in enumerate(zip(LENGTHS, SPLITS, strict=True))
        )

    def read(self, index, start, stop):
        frames = np.zeros((stop - start, 10, 16), np.uint8)
        frames[:, :, :3] = 100 * index
        frames[:, :, 3:8] = np.arange(start, stop)[:, None, None]
        return {"frame": frames}


def places(windows):
    """(clip, first frame) of each window, and that it continues from there."""
    found = []
    for item in windows:
        frames = item["frames"]
        assert (np.diff(frames[:, 0, 5].astype(int)) == 1).all()
        found.append((int(frames[0, 0, 0]) // 100, int(frames[0, 0, 5])))
    assert found != sorted(found)
    return sorted(found)


def test_windows_stay_in_their_clip_and_split():
    windows = VideoWindows(Clips(), "train", 5)
    assert places(windows) == [(0, 0), (0, 1), *((1, start) for start in range(16))]
    assert windows[0]["frames"].shape == (5, 10, 16)


def test_windows_do_not_go_over_cuts():
    clips = Clips()
    clips[1] = dataclasses.replace(clips[1], cuts=(7, 17))
    assert places(VideoWindows(clips, "train", 5))[2:] == [
        (1, start) for start in [0, 1, 2, 7, 8, 9, 10, 11, 12]
    ]


def test_windows_leave_out_repeats():
    """Frames 2, 5 and 6 are not there; the cut at 8 stays where it is, between 7 and 8."""
    clips = Clips()
    clips[1] = dataclasses.replace(clips[1], duplicates=(2, 5, 6), cuts=(8,))
    frames = [item["frames"] for item in VideoWindows(clips, "train", 4)]
    read = sorted(each[:, 0, 5].tolist() for each in frames if each[0, 0, 0])  # the second clip
    assert read == [
        [0, 1, 3, 4],
        [1, 3, 4, 7],
        *([start, start + 1, start + 2, start + 3] for start in range(8, 17)),
    ]


@pytest.mark.parametrize(
    "still_share, num_still", [(0.0, 0), (0.2, 2), (0.5, 8), (0.7, 10), (1, 10)]
)
def test_of_windows_in_which_mostly_nothing_moves_a_share_is_taken(still_share, num_still):
    """Nothing moves up to frame 11: for half of the time or more in the windows from 0 to 9."""
    clips = Clips()
    clips[1] = dataclasses.replace(clips[1], still=((0, 12), (18, 20)))
    found = places(VideoWindows(clips, "train", 5, still_share=still_share))
    assert found[:2] == [(0, 0), (0, 1)]
    assert found[-6:] == [(1, start) for start in range(10, 16)]
    assert len(set(found)) == len(found) == 8 + num_still


def test_where_nothing_moves_at_all_every_window_is_taken():
    clips = Clips()
    for i, length in enumerate(LENGTHS):
        clips[i] = dataclasses.replace(clips[i], still=((0, length),))
    assert len(VideoWindows(clips, "train", 5, still_share=0.1)) == 18


def test_window_stride_division_and_maximum():
    clips = Clips()
    assert places(VideoWindows(clips, "train", 4, window_stride=2, division=2)) == [
        (0, 0),
        (0, 2),
        (0, 4),
    ]
    assert places(VideoWindows(clips, "test", 2, division=2, max_windows=4)) == [
        (1, 0),
        (1, 4),
        (1, 9),
        (1, 14),
    ]


def test_what_is_too_short_or_unknown_is_said():
    with pytest.raises(
        ValueError, match=r"no clip has the 13 frames of a window; the longest has 3"
    ):
        VideoWindows(Clips(), "test", 13)
    with pytest.raises(ValueError, match=r"split 'validation': .* the split has no clips"):
        VideoWindows(Clips(), "validation", 2)
    with pytest.raises(ValueError, match=r"no clips, as .* prepared with --validation_share=0"):
        VideoWindows(Clips(validation_share=0.0), "validation", 2)
    with pytest.raises(ValueError, match=r"division 3: the data set has 2"):
        VideoWindows(Clips(), "train", 2, division=3)


def test_centre_squares_are_intensities():
    squares = CentreSquares(VideoWindows(Clips(), "train", 5), 10)
    item = squares[3]["frames"]
    assert item.shape == (5, 10, 10, 1)
    assert item.dtype == np.float32
    expected = VideoWindows(Clips(), "train", 5)[3]["frames"][:, :, 3:13]
    np.testing.assert_array_equal(np.round(255 * item[..., 0]), expected)


def test_clip_file_of_another_kind_is_named(tmp_path):
    from data.clips.prepared_clips import read_rows

    path = tmp_path / "a.array_record"
    written = write_clip(path, ({"frame": np.full((2, 3), t, np.uint8)} for t in (0, 27, 55)))
    assert (written["num_frames"], written["size"], written["cuts"]) == (3, (2, 3), ())
    np.testing.assert_array_equal(read_rows(path, 1, 3, (2, 3))["frame"][:, 0, 0], [27, 55])
    (tmp_path / "b.array_record").write_text("no records")
    with pytest.raises(ValueError, match=r"b.array_record: not an intact clip"):
        read_rows(tmp_path / "b.array_record", 0, 1, (2, 3))
    with pytest.raises(ValueError, match=r"a.array_record: .*of frames \(3, 2\)"):
        read_rows(path, 0, 3, (3, 2))
    with pytest.raises(ValueError, match=r"a.array_record: .*frame: 3 rows"):
        read_rows(path, 0, 4, (2, 3))
