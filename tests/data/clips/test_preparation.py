"""Clips that are written, and what is said of those that cannot be."""

import json
import re

import numpy as np
import pytest
from made_clips import NUM_FRAMES, make_clips, run
from made_sintel import make_sintel
from made_video import make_video, number_of

from data.clips.prepared_clips import PreparedClips


@pytest.fixture
def source(tmp_path):
    return make_clips(tmp_path / "source")


def test_clips_are_written_and_broken_ones_listed(source, capsys):
    output = run("video_folder", source, "--split_by=time", "--size=30x40")
    clips = PreparedClips(output)
    assert [(clip.name, clip.num_frames, clip.size) for clip in clips] == [
        ("other.mp4", 14, (30, 40)),
        ("wave/long.avi", NUM_FRAMES, (30, 40)),
    ]
    for index, clip in enumerate(clips):
        for start, stop in [(0, clip.num_frames), (3, 5), (clip.num_frames - 1, clip.num_frames)]:
            frames = clips.read(index, start, stop)["frame"]
            assert frames.shape == (stop - start, 30, 40)
            assert [number_of(frame, 10) for frame in frames] == [
                t % 10 for t in range(start, stop)
            ]
    text = capsys.readouterr().out
    assert "2 clips, 51 frames" in text
    assert "3 skipped" in text
    assert "short.mp4: 4 frames, fewer than --min_frames=13" in text
    assert re.search(r"text.avi: .*text.avi: not a readable video", text)
    assert re.search(r"cut.mp4: .*cut.mp4: not a readable video", text)


def test_hmdb51_keeps_labels_and_divisions(tmp_path):
    source = tmp_path / "source"
    folder = source / "testTrainMulti_7030_splits"
    folder.mkdir(parents=True)
    (source / "wave").mkdir()
    names = [f"Film {i}_wave_f_nm_np1_ba_med_0.avi" for i in range(4)]
    for name in names:
        make_video(source / "wave" / name, 13)
    for number in (1, 2, 3):
        lines = [f"{name} {2 if i == number else 1} \n" for i, name in enumerate(names)]
        (folder / f"wave_test_split{number}.txt").write_text("".join(lines))
    clips = PreparedClips(run("hmdb51", source))
    assert [clip.label for clip in clips] == ["wave"] * 4
    for division in range(3):
        splits = [next(iter(clip.splits[division])) for clip in clips]
        assert splits[division + 1] == "test"
        assert sorted(splits) == ["test", "train", "train", "validation"]


def test_sintel_keeps_flow(tmp_path):
    made = make_sintel(tmp_path / "source", {"alley": 4})
    clips = PreparedClips(run("sintel", tmp_path / "source"))
    rows = clips.read(0, 0, 4)
    np.testing.assert_array_equal(rows["forward_flow"][:3], made["alley"][1])
    assert rows["visible"].dtype == bool
    assert clips[0].splits == ({"test": [0, 4]},)


def test_damage_of_the_list_is_named(source):
    output = run("video_folder", source, "--split_by=time")
    (output / "dataset.json").write_text("{")
    with pytest.raises(ValueError, match=r"dataset.json: not a JSON file"):
        PreparedClips(output)


def test_repeats_and_cuts_are_found_in_compressed_video(tmp_path):
    """Stripes that move every second frame, and turn round at a cut."""
    source = tmp_path / "source"
    source.mkdir()

    def draw(number, size):
        down, across = np.indices(size)
        place = down if number >= 30 else across
        return (128 + 90 * np.sin((place + 2 * (number // 2)) / 9)).astype(np.uint8)

    make_video(source / "a.mp4", 60, draw=draw, key_every=12)
    (clip,) = PreparedClips(run("video_folder", source, "--split_by=time", "--size=own"))
    assert clip.duplicates == tuple(range(3, 59, 2))
    assert clip.cuts == (30,)


def test_hidden_files_are_no_clips(tmp_path):
    source = tmp_path / "source"
    (source / ".Trashes").mkdir(parents=True)
    make_video(source / "a.mp4", 14)
    make_video(source / ".Trashes" / "b.mp4", 14)
    (source / "._a.mp4").write_bytes(b"Mac OS X")
    (source / "folder.avi").mkdir()
    make_video(source / "folder.avi" / "c.avi", 14)
    clips = PreparedClips(run("video_folder", source, "--split_by=time"))
    assert [clip.name for clip in clips] == ["a.mp4", "folder.avi/c.avi"]


@pytest.mark.parametrize("split_by", ["clip", "time"])
def test_shares_of_0_hold_nothing_out(tmp_path, split_by):
    source = tmp_path / "source"
    source.mkdir()
    for name in "ab":
        make_video(source / f"{name}.mp4", 14)
    shares = ["--test_share=0", "--validation_share=0"]
    clips = PreparedClips(run("video_folder", source, f"--split_by={split_by}", *shares))
    assert [clip.splits for clip in clips] == [({"train": [0, 14]},)] * 2


def test_damage_that_shows_while_reading_is_listed(source, monkeypatch, capsys):
    """The problem of a clip is known after its last frame."""

    def differs(video, frames):
        video.problem = "is decoded differently each time"
        return frames

    monkeypatch.setattr("data.video.files.VideoFile._noticed", differs)
    output = run("video_folder", source, "--split_by=time")
    problems = json.loads((output / "dataset.json").read_text())["problems"]
    assert problems == dict.fromkeys(
        ("other.mp4", "wave/long.avi"), "is decoded differently each time"
    )
