"""The program `experiments.predict`."""

import json
import os
import subprocess
import sys

import pytest
from made_model import make
from made_predictions import FEW_FEATURES
from made_video import make_video
from small_run import ROOT, run

from vstm.inference.model_file import save_model


def test_program(tmp_path):
    save_model(tmp_path / "model.npz", *make(**FEW_FEATURES))
    make_video(tmp_path / "a.mp4", 4)
    code, out, err = run(
        "predict",
        f"--input={tmp_path / 'a.mp4'}",
        f"--output={tmp_path / 'output'}",
        f"--workdir={tmp_path}",
        "--height=24",
        "--flow_scale=p90",
        "--reduction=2",
    )
    assert code == 0, err
    assert "compiling the model for frames of 24x32" in out
    assert "predicting a.mp4: 3/3 frames" in out
    assert "a.mp4: 3 frames of 24x32" in out
    summary = json.loads((tmp_path / "output" / "summary.json").read_text())
    assert summary["model_path"] == str(tmp_path)
    assert summary["reduction"] == 2
    assert summary["command"].startswith("python -m experiments.predict --")
    for flag in ("--height=24", "--flow_scale=p90", f"--input={tmp_path / 'a.mp4'}"):
        assert flag in summary["command"].split()


@pytest.mark.parametrize("limit", [0, 100, 20_000])
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, limit):
    """Of the program, whose process ends; files of more than `limit` bytes cannot be written."""
    save_model(tmp_path / "model.npz", *make(**FEW_FEATURES))
    make_video(tmp_path / "a.mp4", 12)
    (tmp_path / "output.part").mkdir()
    (tmp_path / "output.part" / "mine").touch()
    limited = (
        "import resource, sys;"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
        "from experiments.predict import main; sys.exit(main(sys.argv[1:]))"
    )
    flags = [f"--{name}={tmp_path / path}" for name, path in WHERE.items()]
    ended = subprocess.run(
        [sys.executable, "-c", limited, *flags],
        cwd=ROOT,
        env=os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"},  # nor can its files
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error: ") and "File too large" in line
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*"))
    assert left == ["a.mp4", "model.npz", "output.part", "output.part/mine"]


WHERE = {"input": "a.mp4", "output": "output", "workdir": ""}


@pytest.mark.parametrize(
    "flag, message",
    [
        ("--input=nowhere.mp4", "error: nowhere.mp4: no such file"),
        ("--workdir=nowhere", "error: nowhere: no such file"),
        ("--size=64", "error: --size=64: expected HEIGHTxWIDTH, such as 240x320"),
        ("--size=8x8 --height=8", "error: --size=8x8, --height=8: expected one of them"),
        ("--flow_scale=0", "error: --flow_scale=0: expected a number above 0, or a percentile"),
        ("--start=1:75", "error: --start='1:75': expected less than 60 minutes and seconds"),
        ("--end=soon", "error: --end='soon': expected seconds or a time such as"),
        ("--start=3 --end=2", "error: --start=3, --end=2: from 3 s to 2 s: expected 0 <= start"),
        ("--every=0", "error: flag --every=0: "),
        ("--reduction=0", "error: flag --reduction=0: "),
        ("--start=9", "error: a.mp4: 0 of 4 frames from 9 s to inf s"),
        ("--input=camera:/dev/none", "error: camera:/dev/none: no camera that can be read"),
        ("--flow_scale=p101", "error: --flow_scale=p101: expected a number above 0, or a"),
    ],
)
def test_bad_flags_are_named(tmp_path, flag, message):
    save_model(tmp_path / "model.npz", *make(**FEW_FEATURES))
    make_video(tmp_path / "a.mp4", 4)
    flags = {
        "--input": tmp_path / "a.mp4",
        "--output": tmp_path / "output",
        "--workdir": tmp_path,
    }
    flags |= dict(part.split("=") for part in flag.split())
    code, _, err = run("predict", *(f"{key}={path}" for key, path in flags.items()))
    assert code == 2
    assert message in err
    assert not (tmp_path / "output").exists()
