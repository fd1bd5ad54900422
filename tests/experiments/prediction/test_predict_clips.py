import csv
import json

import numpy as np
import pytest
from made_model import make
from made_predictions import FEW_FEATURES
from made_video import make_video
from PIL import Image
from small_run import run

from experiments.console.errors import UserError
from experiments.prediction import predict_video
from experiments.prediction.options import Options
from experiments.prediction.predict_clips import clips_in, predict_clips
from experiments.prediction.report import report_of_clips
from vstm.inference.model_file import save_model


@pytest.fixture
def clips(tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    make_video(folder / "a.avi", 4, size=(16, 16))
    make_video(folder / "b.mp4", 9, size=(16, 24))
    make_video(folder / "b.avi", 6, size=(16, 16))
    return folder


def test_each_clip_has_its_folder_and_the_means_count_frames(tmp_path, predictor, clips, capsys):
    summary = predict_clips(predictor, clips_in(clips), tmp_path / "output", Options(), {"x": 1})
    assert list(summary["clips"]) == ["a", "b.avi", "b.mp4"]
    assert summary["failed"] == {}
    assert summary["x"] == 1
    assert json.loads((tmp_path / "output" / "summary.json").read_text()) == summary
    errors = []
    for name in summary["clips"]:
        with (tmp_path / "output" / name / "metrics.csv").open() as file:
            errors += [float(row["mean_squared_error"]) for row in csv.DictReader(file)]
        assert (tmp_path / "output" / name / "prediction.mp4").exists()
    assert len(errors) == summary["num_predicted"] == 3 + 5 + 8
    assert summary["means"]["mean_squared_error"] == pytest.approx(np.mean(errors), rel=1e-6)
    # once for each size
    assert capsys.readouterr().out.count("compiling the model") == 2


def test_a_bad_clip_is_passed_over_and_named(tmp_path, predictor, clips):
    (clips / "bad.mp4").write_bytes(b"text")
    make_video(clips / "one.avi", 1)
    summary = predict_clips(predictor, clips_in(clips), tmp_path / "output", Options(), {})
    assert list(summary["clips"]) == ["a", "b.avi", "b.mp4"]
    assert list(summary["failed"]) == ["bad", "one"]
    text = report_of_clips(summary)
    assert "3 clips, 16 frames" in text
    assert "not predicted: bad (" in text
    assert "one.avi: 1 frame; expected 2 or more" in text
    assert sorted(path.name for path in (tmp_path / "output").iterdir()) == [
        *("a", "b.avi", "b.mp4", "summary.json")
    ]


def test_clips_that_are_done_stay_after_an_interruption(tmp_path, predictor, clips, monkeypatch):
    from experiments.prediction import predict_clips as module

    def interrupted(predictor, stream, *arguments):
        if stream.name == "b.avi":
            raise SystemExit(143)
        return predict_video.predict_video(predictor, stream, *arguments)

    monkeypatch.setattr(module, "predict_video", interrupted)
    with pytest.raises(SystemExit):
        predict_clips(predictor, clips_in(clips), tmp_path / "output", Options(), {})
    assert [path.name for path in (tmp_path / "output").iterdir()] == ["a"]


def test_a_full_folder_is_refused_before_work(tmp_path, predictor, clips):
    with pytest.raises(UserError, match="expected a new or empty folder"):
        predict_clips(predictor, clips_in(clips), clips, Options(), {})


def test_a_folder_with_images_is_one_video(clips):
    (clips / "._a.mp4").write_bytes(b"")
    assert [path.name for path in clips_in(clips)] == ["a.avi", "b.avi", "b.mp4"]
    Image.new("L", (8, 8)).save(clips / "0.png")
    assert clips_in(clips) == []


def test_program_fails_at_the_end_if_a_clip_failed(tmp_path, clips):
    save_model(tmp_path / "model.npz", *make(**FEW_FEATURES))
    (clips / "bad.mp4").write_bytes(b"text")
    code, out, _ = run(
        "predict", f"--input={clips}", f"--output={tmp_path / 'output'}", f"--workdir={tmp_path}"
    )
    assert code == 1
    assert "clip 1 of 4: a.avi" in out
    assert "error: bad.mp4 is passed over: " in out
    assert "predicting a.avi: 3/3 frames" in out
    (clips / "bad.mp4").unlink()
    code, out, _ = run(
        "predict", f"--input={clips}", f"--output={tmp_path / 'second'}", f"--workdir={tmp_path}"
    )
    assert code == 0
