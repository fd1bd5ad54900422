import hashlib
import json
import sys

import numpy as np
import pytest
from made_clips import make_clips
from made_model import make
from made_predictions import FEW_FEATURES
from made_video import make_video
from PIL import Image

from experiments.console.errors import UserError
from experiments.measure import classical_flow
from experiments.measure.video import __main__ as program
from experiments.measure.video.clips import find_clips
from experiments.measure.video.measurement import Options, measure
from experiments.measure.video.pictures import LABEL_WIDTH
from experiments.pictures.error_colours import LEGEND_WIDTH
from experiments.report.page import report
from vstm.inference.model_file import save_model
from vstm.inference.predictor import VideoPredictor


def shift(previous, frame):
    """Stands in for a classical method."""
    return np.full((*frame.shape, 2), (1, 0), np.float32)


METHODS = {"dis": shift, "farneback": shift}


@pytest.fixture(scope="module")
def predictor():
    return VideoPredictor(*make(residual=True, **FEW_FEATURES))


def measured(predictor, folder, output, **options):
    chosen = Options(**{"size": (16, 24), "start": 1, "warm_up": 3, "num_frames": 5} | options)
    text = measure(
        predictor,
        find_clips([folder]),
        output,
        chosen,
        METHODS,
        command="measure it",
        trained={"device": "a device", "commit": "abc"},
        provenance={"model_path": "model.npz"},
    )
    return json.loads((output / "results.json").read_text()), text


def test_everything_is_written(tmp_path, predictor):
    source = make_clips(tmp_path / "clips")
    output = tmp_path / "new" / "output"
    rows, text = measured(predictor, source, output)
    assert [(row["clip"], row["frames"]) for row in rows] == [
        *[("other", 5), ("wave_long", 5), ("all 2", 10)]
    ]
    assert {(row["device"], row["commit"]) for row in rows} == {("a device", "abc")}
    assert (output / "results.md").read_text() == text
    assert text.startswith("Written by `measure it`. Frames of 16x24 pixels")
    assert "; short (4 frames; expected at least 8 (" in text
    assert str(source) not in text
    facts = json.loads((output / "measurement.json").read_text())
    assert facts["left_out"].keys() == {"cut", "short", "text"}
    assert facts["model"] == json.loads(json.dumps(predictor.model.config.to_fields()))
    assert (facts["size"], facts["warm_up"], facts["model_path"]) == ([16, 24], 3, "model.npz")
    assert facts["versions"]["jax"]
    names = {"results.json", "results.md", "measurement.json"}
    names |= {"other.png", "wave_long.png"}
    assert {path.name for path in output.iterdir()} == names
    with Image.open(output / "other.png") as sheet:
        # a row of 64x96 pixels for each of four moments
        assert sheet.size[0] == 4 + LABEL_WIDTH + 9 * (96 + 4) + LEGEND_WIDTH + 4
        assert sheet.size[1] > 4 * (64 + 4)


def test_errors_are_those_of_the_frames(tmp_path, predictor):
    images = np.random.default_rng(0).integers(0, 256, (9, 16, 24), np.uint8)
    (tmp_path / "a" / "img").mkdir(parents=True)
    for number, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / "a" / "img" / f"{number}.png")
    rows, _ = measured(predictor, tmp_path / "a" / "img", tmp_path / "output")
    assert [row["clip"] for row in rows] == ["a_img", "all 1"]
    frames = images.astype(np.float64) / 255
    made = list(predictor.predictions(images[1:8]))[2:]  # frame 0 is before the start
    target, last = frames[4:], frames[3:8]
    predicted = {
        "ours": np.clip([each.frame for each in made], 0, 1),
        "copy": last,
        "dis": last[:, :, [*range(1, 24), 23]],
    }
    for name, frame in predicted.items():
        assert rows[0][f"error_{name}"] == pytest.approx(np.mean((frame - target) ** 2), rel=1e-4)
    flows = np.stack([each.flow for each in made])
    distance = np.linalg.norm(flows - [1, 0], axis=-1).mean()
    assert rows[0]["distance_ours"] == pytest.approx(distance, rel=1e-4)
    assert (rows[0]["length_reference"], rows[0]["distance_dis"]) == (1, 0)


def test_without_a_clip_that_can_be_scored_nothing_is_written(tmp_path, predictor):
    source = make_clips(tmp_path / "clips")
    with pytest.raises(
        UserError, match=r"no clip can be scored; cut: .*; other: 14 frames; expected"
    ):
        measured(predictor, source, tmp_path / "output", warm_up=1000)
    assert [path.name for path in tmp_path.iterdir()] == ["clips"]


def test_what_cannot_be_done_is_said_before_clips_are_read(tmp_path, predictor):
    (tmp_path / "a.mp4").write_text("not read")
    with pytest.raises(UserError, match="expected a new or empty folder"):
        measured(predictor, tmp_path, tmp_path)
    dense = VideoPredictor(*make("fc-2enc-1LSTM"))
    with pytest.raises(ValueError, match="a model with an fc memory takes the size alone"):
        measured(dense, tmp_path, tmp_path / "output")


@pytest.fixture
def stand_in(monkeypatch):
    """A classical method in OpenCV's place."""
    monkeypatch.setattr(classical_flow, "ClassicalFlow", lambda method: shift)


def arguments(tmp_path):
    save_model(tmp_path / "model.npz", *make(**FEW_FEATURES))
    (tmp_path / "clips").mkdir()
    make_video(tmp_path / "clips" / "a.mp4", 8)
    return [
        str(tmp_path / "clips"),
        *(f"--workdir={tmp_path}", f"--output={tmp_path / 'output'}"),
        *("--size=16x24", "--warm_up=2", "--num_frames=4"),
    ]


def test_program(tmp_path, stand_in, capsys):
    assert program.main(arguments(tmp_path)) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    results = tmp_path / "results" / "real_video"
    results.parent.mkdir()
    (tmp_path / "output").rename(results)
    text = (results / "results.md").read_text()
    facts = json.loads((results / "measurement.json").read_text())
    model = (tmp_path / "model.npz").read_bytes()
    assert facts["model_sha256"] == hashlib.sha256(model).hexdigest()
    assert text.startswith(f"Written by `python -m experiments.measure.video {tmp_path / 'clips'} ")
    assert text in printed
    page = report(tmp_path / "results", tmp_path / "RESULTS.md")
    assert "## Real video beside a copy and classical flow carried on" in page
    assert "| all 1 | 4 |" in page
    assert "(results/real_video/a.png)" in page


@pytest.mark.parametrize(
    "flag, message",
    [
        ("nowhere", "error: nowhere: no such folder"),
        ("--workdir=nowhere", "error: nowhere: no such file"),
        ("--size=64", "error: --size=64: expected HEIGHTxWIDTH, such as 240x320"),
        ("--size=8x64", "error: --size=8x64: expected 16 pixels or more a side"),
        ("--warm_up=1", "error: flag --warm_up=1: "),
        ("--num_frames=3", "error: flag --num_frames=3: "),
    ],
)
def test_bad_arguments_are_named(tmp_path, stand_in, capsys, flag, message):
    assert program.main([*arguments(tmp_path), flag]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "output").exists()


def test_missing_opencv_is_said_at_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert program.main(["nowhere", f"--output={tmp_path / 'output'}"]) == 2
    assert "error: classical flow needs OpenCV" in capsys.readouterr().err
