"""Preparing again: what is new, changed or damaged is written, and nothing else."""

import json
import os
import zlib

import pytest
from made_clips import NUM_FRAMES, make_clips, run, run_wrongly
from made_sintel import make_sintel
from made_video import frame_number_image, make_video, number_of
from PIL import Image

from data.clips import preparation
from data.clips.prepared_clips import PreparedClips
from data.prepare import main


@pytest.fixture
def source(tmp_path):
    return make_clips(tmp_path / "source")


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


def test_other_settings_and_other_folders_are_refused_and_left_alone(source, capsys):
    output = run("video_folder", source, "--split_by=time")
    before = (output / "dataset.json").read_bytes()
    arguments = ["video_folder", f"--source={source}", "--split_by=time", "--size=60x80"]
    line = run_wrongly(capsys, *arguments, f"--output={output}")
    assert "size: [120, 160], not [60, 80]" in line
    assert (output / "dataset.json").read_bytes() == before
    line = run_wrongly(capsys, *arguments, f"--output={source}")
    assert "not empty, and not a prepared folder" in line


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


def test_folders_of_earlier_versions_are_readable_and_measured_when_prepared_again(source):
    make_video(source / "other.mp4", 20, draw=lambda t, size: frame_number_image(t // 2, size))
    output = run("video_folder", source, "--split_by=time")
    now = PreparedClips(output)
    assert [len(clip.duplicates) for clip in now] == [8, 0]
    for path in [output / "dataset.json", *(output / "clips").glob("*.json")]:
        content = json.loads(path.read_text())
        for entry in content.get("clips", [content]):
            del entry["clip"]["duplicates"], entry["clip"]["still"]
        path.write_text(json.dumps(content))
    earlier = PreparedClips(output)
    assert [(clip.duplicates, clip.still) for clip in earlier] == [((), ())] * 2
    assert [clip.splits for clip in earlier] == [clip.splits for clip in now]
    # A run that was stopped finds the clips that it was trained on.
    listed = [entry["clip"] for entry in json.loads((output / "dataset.json").read_text())["clips"]]
    assert earlier.checksum == zlib.crc32(json.dumps(listed, sort_keys=True).encode())
    run("video_folder", source, "--split_by=time")
    assert list(PreparedClips(output)) == list(now)
    assert PreparedClips(output).checksum == now.checksum != earlier.checksum


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
