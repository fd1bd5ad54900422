"""Parts of a video, and videos without an end."""

import os
import signal

import av
import numpy as np
import pytest
from made_predictions import decoded, predicted
from made_video import make_video

from data.kitti_flow import read_kitti
from data.video import camera
from data.video.files import open_video
from data.video.selection import Selection
from experiments.console.errors import UserError
from experiments.prediction.predict_video import _compile


def test_a_part_keeps_the_videos_numbers_and_times(tmp_path, predictor):
    path = make_video(tmp_path / "a.mp4", 30, size=(16, 16))
    selection = Selection(start=0.4, end=0.8, every=3)
    summary, rows = predicted(
        predictor, path, tmp_path / "output", selection=selection, flow_format="kitti"
    )
    numbers = [13, 16, 19]
    assert [int(row["frame"]) for row in rows] == numbers
    times = np.array(numbers) / 25
    np.testing.assert_allclose([float(row["time"]) for row in rows], times)
    assert summary["rate"] == pytest.approx(25 / 3)
    with av.open(str(tmp_path / "output" / "prediction.mp4")) as container:
        written = [frame.time for frame in container.decode(video=0)]
    np.testing.assert_allclose(written, times - times[0], rtol=0, atol=1e-9)
    indexed = open_video(path)
    made = list(predictor.predictions([indexed[number] for number in (10, 13, 16)]))
    for number, prediction in zip(numbers, made, strict=True):
        flow = read_kitti(tmp_path / "output" / "flow" / f"frame_{number:06d}.png")
        np.testing.assert_allclose(flow, prediction.flow, rtol=0, atol=1 / 128)


def test_parts_without_two_frames_are_refused_before_work(tmp_path, predictor):
    path = make_video(tmp_path / "a.avi", 25, size=(16, 16))
    for selection in (Selection(start=3.0), Selection(end=0.03), Selection(every=30)):
        with pytest.raises(UserError, match=r"a.avi: [01] of 25 frames .* of a video of 1.00 s"):
            predicted(predictor, path, tmp_path / "output", selection=selection)
    assert [file.name for file in tmp_path.iterdir()] == ["a.avi"]


@pytest.fixture
def stand_in(monkeypatch):
    """FFmpeg's test picture, at 25 frames per second without end, in place of a camera."""
    monkeypatch.setattr(camera, "device", lambda name: ("testsrc=size=64x48:rate=25", "lavfi"))


def test_a_cameras_video_ends_where_it_is_told_to(tmp_path, predictor, stand_in):
    summary, rows = predicted(
        predictor, "camera:0", tmp_path / "output", selection=Selection(end=0.4), grey=True
    )
    assert summary["num_predicted"] == len(rows) == 9
    assert len(decoded(tmp_path / "output" / "prediction.mp4")) == 9
    with pytest.raises(UserError, match="--flow_scale: camera:0: a percentile"):
        predicted(predictor, "camera:0", tmp_path / "second", flow_percentile=99.0)


def test_a_cameras_video_ends_by_ctrl_c_and_is_kept(
    tmp_path, predictor, stand_in, monkeypatch, capfd
):
    step, steps = predictor.step, []

    def stepped(frame):
        steps.append(frame)
        if len(steps) == 8:  # one of them is for compilation
            os.kill(os.getpid(), signal.SIGINT)
        return step(frame)

    monkeypatch.setattr(predictor, "step", stepped)
    _compile.cache_clear()
    summary, rows = predicted(predictor, "camera:0", tmp_path / "output", grey=True)
    assert summary["num_predicted"] == len(rows) == 7
    assert "stopping after this frame" in capfd.readouterr().err
