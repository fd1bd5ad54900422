import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from made_sintel import make_sintel
from made_video import make_video, number_of
from PIL import Image
from small_run import ROOT

from data import prepare
from data.clips import preparation
from data.clips.prepared_clips import FRAMES_PER_RECORD, PreparedClips
from data.clips.settings import NAMES
from data.prepare import main

NUM_FRAMES = 2 * FRAMES_PER_RECORD + 5


@pytest.fixture
def source(tmp_path):
    """Five clips; three of them cannot be used."""
    source = tmp_path / "source"
    (source / "wave").mkdir(parents=True)
    make_video(source / "wave" / "long.avi", NUM_FRAMES, size=(239, 321))
    make_video(source / "other.mp4", 14, times=[40 * i + 15 * (i % 3) for i in range(14)])
    make_video(source / "short.mp4", 4)
    (source / "text.avi").write_text("this is not a video")
    whole = make_video(source / "cut.mp4", 20)
    whole.write_bytes(whole.read_bytes()[:-500])
    return source


def run(name, source, *options):
    output = source.parent / "prepared"
    assert main([name, f"--source={source}", f"--output={output}", *options]) == 0
    return output


def run_wrongly(capsys, *arguments):
    """The one line that is said of them."""
    assert main([str(argument) for argument in arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


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


def test_a_second_run_writes_what_is_new_or_damaged_alone(source, monkeypatch):
    output = run("video_folder", source, "--split_by=time")
    written = []
    write_clip = preparation.write_clip

    def noted(path, rows):
        written.append(path.name.partition(".")[0])  # a temporary name begins with the file's
        return write_clip(path, rows)

    monkeypatch.setattr(preparation, "write_clip", noted)
    run("video_folder", source, "--split_by=time")
    usable = {entry["file"] for entry in json.loads((output / "dataset.json").read_text())["clips"]}
    assert not {f"{stem}.array_record" for stem in written} & usable

    written.clear()
    damaged = output / "clips" / min(usable)
    damaged.write_bytes(damaged.read_bytes()[:-1000])
    make_video(source / "new.mp4", 15)
    run("video_folder", source, "--split_by=time")
    clips = PreparedClips(output)
    assert [clip.name for clip in clips] == ["new.mp4", "other.mp4", "wave/long.avi"]
    for index, clip in enumerate(clips):
        assert number_of(clips.read(index, 12, 13)["frame"][0], 10) == 2
        assert clip.num_frames == (15, 14, NUM_FRAMES)[index]
    assert damaged.stem in written
    assert len(set(written) & {name.removesuffix(".array_record") for name in usable}) == 1


def test_a_run_that_was_killed_is_gone_on_with(source, monkeypatch, capsys):
    write_clip = preparation.write_clip

    def killed(path, rows):
        write_clip(path, rows)
        raise KeyboardInterrupt

    monkeypatch.setattr(preparation, "write_clip", killed)
    output = source.parent / "prepared"
    arguments = ["video_folder", f"--source={source}", f"--output={output}", "--split_by=time"]
    assert main(arguments) == 130
    assert capsys.readouterr().err == "stopped by SIGINT\n"
    assert not list(output.rglob("*.array_record"))
    with pytest.raises(FileNotFoundError, match=r"dataset.json: no such file; expected a folder"):
        PreparedClips(output)
    monkeypatch.setattr(preparation, "write_clip", write_clip)
    (output / "clips" / "a.1234.part").write_text("")  # as a SIGKILL leaves it
    run("video_folder", source, "--split_by=time")
    assert len(PreparedClips(output)) == 2
    assert not list(output.rglob("*.part"))


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


@pytest.mark.parametrize(
    "options, message",
    [
        (["--size=30"], "--size: '30': expected HEIGHTxWIDTH such as 120x160, or own"),
        (["--frame_stride=0"], "--frame_stride: expected at least 1, got 0"),
        (["--frame_stride=x"], "--frame_stride: invalid int value: 'x'"),
        (["--min_frames=0"], "--min_frames: expected at least 1, got 0"),
        (["--test_share=0.5"], "--test_share: expected a number from 0 to below 0.5, got 0.5"),
        (["--validation_share=nan"], "--validation_share: expected a number from 0 to below 0.5"),
        (["--split=time"], "unrecognized arguments: --split=time"),
        ([], "2 clips, too few for training, validation and test"),
        (["--min_frames=99"], "no clip can be used: "),
    ],
)
def test_bad_options_are_named(source, options, message, capsys):
    output = source.parent / "prepared"
    arguments = ["video_folder", f"--source={source}", f"--output={output}", *options]
    assert message in run_wrongly(capsys, *arguments)


def test_missing_arguments_are_named(capsys):
    line = run_wrongly(capsys, "hmdb51")
    assert line == "error: the following arguments are required: --source"


def test_empty_and_missing_sources_are_named(tmp_path, capsys):
    (tmp_path / "source").mkdir()
    output = f"--output={tmp_path / 'prepared'}"
    for name, message in (("source", "no videos"), ("nowhere", "no such folder")):
        folder = tmp_path / name
        line = run_wrongly(capsys, "video_folder", f"--source={folder}", output)
        assert line.startswith(f"error: {folder}: {message}")


def test_other_settings_and_other_folders_are_refused_and_left_alone(source, capsys):
    output = run("video_folder", source, "--split_by=time")
    before = (output / "dataset.json").read_bytes()
    arguments = ["video_folder", f"--source={source}", "--split_by=time", "--size=60x80"]
    line = run_wrongly(capsys, *arguments, f"--output={output}")
    assert "size: [120, 160], not [60, 80]" in line
    assert (output / "dataset.json").read_bytes() == before
    line = run_wrongly(capsys, *arguments, f"--output={source}")
    assert "not empty, and not a prepared folder" in line


def test_damage_of_the_list_is_named(source):
    output = run("video_folder", source, "--split_by=time")
    (output / "dataset.json").write_text("{")
    with pytest.raises(ValueError, match=r"dataset.json: damaged .*; prepare the data again"):
        PreparedClips(output)


def written_by(monkeypatch, run_again):
    """How many clips another run writes."""
    written = []
    write_clip = preparation.write_clip
    monkeypatch.setattr(
        preparation, "write_clip", lambda path, rows: written.append(path) or write_clip(path, rows)
    )
    run_again()
    monkeypatch.setattr(preparation, "write_clip", write_clip)
    return len(written)


def touch_later(path):
    """As if it had been written a second later, whatever the file system's clock."""
    later = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(later, later))


def test_changed_files_of_a_folder_are_noticed(tmp_path, monkeypatch):
    source = tmp_path / "source"
    (source / "deeper").mkdir(parents=True)
    paths = [source / f"{i}.bmp" for i in range(20)] + [source / "deeper" / "0.bmp"]
    for path in paths:
        Image.new("L", (8, 6), 10).save(path)
    touch_later(paths[19])  # so that it is the newest of all, and stays that
    options = ["--split_by=time", "--size=own"]
    output = run("video_folder", source, *options)

    def again():
        run("video_folder", source, *options)

    assert written_by(monkeypatch, again) == 0
    Image.new("L", (8, 6), 200).save(paths[7])
    assert written_by(monkeypatch, again) == 1
    assert PreparedClips(output).read(0, 7, 8)["frame"].max() == 200
    paths[3].unlink()
    again()
    assert PreparedClips(output)[0].num_frames == 19
    Image.new("L", (8, 6), 30).save(paths[3])
    again()
    assert PreparedClips(output).read(0, 3, 4)["frame"].max() == 30


@pytest.mark.parametrize("kind", ["clean", "flow", "occlusions"])
def test_changed_files_of_sintel_are_noticed(tmp_path, monkeypatch, kind):
    source = tmp_path / "source"
    make_sintel(source, {"alley": 3, "market": 3})
    output = run("sintel", source)
    before = PreparedClips(output).checksum
    folder = source / "training" / kind / "market"
    (path, *_, other) = sorted(folder.iterdir())
    path.write_bytes(other.read_bytes())
    touch_later(path)
    assert written_by(monkeypatch, lambda: run("sintel", source)) == 1
    assert PreparedClips(output).checksum != before


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


def test_help_is_the_modules_text(capsys):
    assert main(["--help"]) == 0
    assert prepare.__doc__.strip() in capsys.readouterr().out


def test_help_needs_nothing_heavy():
    code = "import sys; from data.prepare import main; main(['--help']); print(*sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {"numpy", "av", "PIL", "array_record"} & set(process.stdout.split())


def test_names_are_those_that_can_be_listed():
    assert tuple(preparation.LISTINGS) == NAMES
