"""The command line of `python -m data.prepare`."""

import subprocess
import sys

import pytest
from made_clips import make_clips, run_wrongly
from small_run import ROOT

from data import prepare
from data.clips import preparation
from data.clips.settings import NAMES
from data.prepare import main


@pytest.fixture
def source(tmp_path):
    return make_clips(tmp_path / "source")


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
