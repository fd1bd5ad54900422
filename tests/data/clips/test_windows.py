import dataclasses

import numpy as np
import pytest

from data.batches import training_batches
from data.clips.prepared_clips import ClipInfo, write_clip
from data.clips.windows import Augmentation, CentreSquares, VideoWindows
from data.video.framing import centre_square

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


def test_augmentation_off_is_the_centre_square():
    windows = VideoWindows(Clips(), "train", 5)
    augmentation = Augmentation(10, crops=False, max_pan=0.0, flips=False, reversals=False)
    frames = augmentation(windows[0], np.random.default_rng(0))
    np.testing.assert_array_equal(frames, CentreSquares(windows, 10)[0]["frames"])


def test_flips_and_reversals_are_of_half_the_sequences():
    windows = VideoWindows(Clips(), "train", 5)
    augmentation = Augmentation(10, crops=False, max_pan=0.0, flips=True, reversals=True)
    original = centre_square(windows[7]["frames"], 10).astype(np.float32)[..., None] / 255
    made = {"": original, "f": original[:, :, ::-1], "r": original[::-1]}
    made["fr"] = made["f"][::-1]
    rng = np.random.default_rng(0)
    counts = dict.fromkeys(made, 0)
    for _ in range(400):
        frames = augmentation(windows[7], rng)
        counts[next(kind for kind, other in made.items() if np.array_equal(frames, other))] += 1
    assert all(70 < count < 130 for count in counts.values())


def test_augmented_batches_depend_on_seed_and_position_alone():
    windows = VideoWindows(Clips(), "train", 5)
    augmentation = Augmentation(8, crops=True, max_pan=1.0, flips=True, reversals=True)
    batches = training_batches(windows, 2, 3, augmentation)
    first = [next(batches) for _ in range(4)]
    position = batches.get_state()
    following = [next(batches) for _ in range(12)]
    assert first[0].shape == (2, 5, 8, 8, 1)
    again = training_batches(windows, 2, 3, augmentation)
    again.set_state(position)
    np.testing.assert_array_equal([next(again) for _ in range(12)], following)
    other = training_batches(windows, 2, 4, augmentation)
    assert not np.array_equal([next(other) for _ in range(4)], first)


def test_clip_file_of_another_kind_is_named(tmp_path):
    from data.clips.prepared_clips import read_rows

    path = tmp_path / "a.array_record"
    written = write_clip(path, ({"frame": np.full((2, 3), t, np.uint8)} for t in (0, 27, 55)))
    assert (written["num_frames"], written["size"], written["cuts"]) == (3, (2, 3), (2,))
    np.testing.assert_array_equal(read_rows(path, 1, 3)["frame"][:, 0, 0], [27, 55])
    (tmp_path / "b.array_record").write_text("no records")
    with pytest.raises(ValueError, match=r"b.array_record: damaged"):
        read_rows(tmp_path / "b.array_record", 0, 1)
