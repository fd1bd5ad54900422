import mmap
import os

import numpy as np
import pytest

from data.video.files import open_video
from experiments.drill.endurance import by_tenths, make_video, usage


def test_tenths_are_means_of_their_samples_and_speeds_between_them():
    # 1 a second up to 100 of 200, from there on 2.
    samples = [(n, n, 1e6 * n, 3) for n in range(1, 101)]
    samples += [(100 + 2 * n, 100 + n, 5e6, 3 + n % 2) for n in range(1, 51)]
    rows = by_tenths("updates", np.array(samples, float), 200)
    assert [row["tenth"] for row in rows] == list(range(1, 11))
    assert [row["per_second"] for row in rows] == pytest.approx([1] * 5 + [2] * 5)
    assert [row["memory_mb"] for row in rows] == pytest.approx(
        [10.5, 30.5, 50.5, 70.5, 90.5] + [5] * 5
    )
    assert [row["open_files"] for row in rows] == pytest.approx([3] * 5 + [3.5] * 5)


def test_a_tenth_of_one_sample_has_no_row():
    samples = np.array([(1, 0, 1, 1), (15, 1, 1, 1), (18, 2, 1, 1)], float)
    assert [row["tenth"] for row in by_tenths("frames", samples, 100)] == [2]


def test_usage_is_that_of_the_process(tmp_path):
    before = usage(os.getpid())
    held = mmap.mmap(-1, 20_000_000)  # memory that nothing has had before
    np.frombuffer(held, np.uint8)[:] = 1
    with (tmp_path / "a").open("w"), (tmp_path / "b").open("w"):
        after = usage(os.getpid())
    assert after[0] - before[0] == pytest.approx(len(held), rel=0.3)
    assert after[1] - before[1] == 2
    assert usage(2**22 + 1) is None  # above the largest number of a process


def test_the_video_has_as_many_frames_as_are_asked_for_and_moves(tmp_path):
    make_video(tmp_path / "made.mp4", 30)
    frames = np.stack(list(open_video(tmp_path / "made.mp4")))
    assert len(frames) == 30
    assert np.abs(np.diff(frames.astype(float), axis=0)).max(axis=(1, 2)).min() > 20
