"""Sources that cannot be read, or lead elsewhere: each is skipped and named, the others stay."""

import json
import os

import pytest
from made_clips import run, run_wrongly
from made_video import make_video

from data.clips.prepared_clips import PreparedClips
from data.video.files import open_video


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        make_video(folder / name, 14)
    return folder


def test_one_bad_file_does_not_end_the_preparation(source):
    make_video(source / "unknown.avi", 14)
    content = (source / "unknown.avi").read_bytes().replace(b"FMP4", b"QqQq")
    (source / "unknown.avi").write_bytes(content)
    (source / "dangling.mp4").symlink_to(source / "nothing.mp4")
    os.mkfifo(source / "pipe.mp4")
    (source / "images").mkdir()
    (source / "images" / "0.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(30))
    os.mkfifo(source / "images" / "1.png")
    (source / "list.mp4").write_text(f"ffconcat version 1.0\nfile '{source / 'a.mp4'}'\n")
    output = run("video_folder", source)
    skipped = json.loads((output / "dataset.json").read_text())["skipped"]
    assert sorted(skipped) == ["images", "list.mp4", "unknown.avi"]
    assert all(str(source) in reason for reason in skipped.values())
    assert len(PreparedClips(output)) == 3


@pytest.mark.parametrize(
    "playlist",
    [
        "ffconcat version 1.0\nfile 'a.mp4'\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.mp4\n#EXT-X-ENDLIST\n",
    ],
)
def test_a_playlist_does_not_open_its_neighbours(source, playlist, monkeypatch):
    monkeypatch.chdir(source)
    (source / "list.mp4").write_text(playlist)
    with pytest.raises(ValueError, match=r"list\.mp4: not a readable video"):
        open_video(source / "list.mp4")


@pytest.mark.parametrize(
    "name", ["12:30 party.mp4", "http:x.mp4", "file:a.mp4", "-i.mp4", "%03d.mp4"]
)
def test_no_name_is_taken_for_something_else(source, name, monkeypatch):
    monkeypatch.chdir(source)
    (source / "a.mp4").rename(source / name)
    assert len(open_video(name)) == 14


@pytest.mark.parametrize("file", ["../../x", "/etc/passwd", "..", "", "a/b", 3, None])
def test_a_clips_file_is_one_of_its_folder(source, file):
    output = run("video_folder", source)
    path = output / "dataset.json"
    dataset = json.loads(path.read_text())
    dataset["clips"][0]["file"] = file
    path.write_text(json.dumps(dataset))
    with pytest.raises(ValueError, match=r"dataset\.json: .*expected the name of a file in clips"):
        PreparedClips(output)


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"splits": [{"train": [0, 10**400]}]}, "splits: expected a whole number from 0 to 14"),
        ({"splits": [{"train": [5, 3]}]}, "splits: expected .start, stop."),
        ({"num_frames": 10**9}, "array_record: .* bytes for 1000000000 frames"),
        ({"num_frames": True}, "num_frames: expected a whole number"),
        ({"size": [2**20, 2**20]}, "size: expected .* pixels at most"),
        ({"cuts": 3}, "cuts: expected a list"),
        ({"colour": 3}, "colour: not a field of a clip"),
    ],
)
def test_impossible_descriptions_are_refused(source, change, reason):
    output = run("video_folder", source)
    path = output / "dataset.json"
    dataset = json.loads(path.read_text())
    dataset["clips"][0]["clip"] |= change
    path.write_text(json.dumps(dataset))
    with pytest.raises(ValueError, match=reason):
        PreparedClips(output)


def test_a_clip_that_is_prepared_anew_is_noticed(source):
    output = run("video_folder", source)
    clips = PreparedClips(output)
    clips.read(0, 0, 3)
    make_video(source / "a.mp4", 15)
    run("video_folder", source)
    with pytest.raises(ValueError, match=r"array_record: has changed while it was read"):
        clips.read(0, 0, 3)


def test_frames_that_cannot_be_scaled_are_skipped(source, capsys):
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        make_video(source / name, 14, size=(2, 2000))
    output = f"--output={source.parent / 'prepared'}"
    line = run_wrongly(capsys, "video_folder", f"--source={source}", output, "--size=4000x4000")
    assert "when scaled; expected" in line
