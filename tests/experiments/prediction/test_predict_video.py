import json
from fractions import Fraction

import av
import jax
import numpy as np
import pytest
from made_model import make
from made_predictions import FEW_FEATURES, decoded, predicted
from made_video import make_video
from PIL import Image

from data.flo import read_flo
from data.video.files import open_video
from data.video.selection import Selection
from data.video.stream import frames as stream_frames
from data.video.stream import open_stream
from experiments.console.errors import UserError
from experiments.pictures.flow_colours import legend
from experiments.prediction.colour import coloured
from experiments.prediction.frame_errors import FrameErrors
from experiments.prediction.options import Options
from experiments.prediction.predict_video import predict_video
from experiments.prediction.report import report
from vstm.inference.predictor import VideoPredictor


def test_everything_is_written(tmp_path, predictor):
    path = make_video(tmp_path / "a.avi", 9, size=(39, 51))
    output = tmp_path / "new" / "output"
    summary, rows = predicted(predictor, path, output, flow_format="flo", zero_flow=True)
    assert summary["num_predicted"] == 8
    assert summary["size"] == [39, 51]
    assert json.loads((output / "summary.json").read_text()) == summary
    assert [int(row["frame"]) for row in rows] == list(range(1, 9))
    for name in ("prediction", "flow", "side_by_side"):
        with av.open(str(output / f"{name}.mp4")) as container:
            frames = list(container.decode(video=0))
        assert len(frames) == 8
    height, width, _ = legend(80, 5.0).shape
    shown = 5 * (102 + 4) + width, 16 + height
    assert (frames[0].width, frames[0].height) == tuple(side + side % 2 for side in shown)
    sheet = np.asarray(Image.open(output / "contact_sheet.png"))
    assert sheet.shape[0] == 25 + 5 * (78 + 4)
    assert sheet.shape[1] == 4 + 112 + 6 * (102 + 4) + legend(78, 5.0).shape[1] + 4

    frames = list(open_video(path))
    for number, prediction in enumerate(predictor.predictions(frames[:-1]), 1):
        row = rows[number - 1]
        flow = read_flo(output / "flow" / f"frame_{number:06d}.flo")
        np.testing.assert_array_equal(flow, prediction.flow)
        target, last = (frames[i].astype(float) / 255 for i in (number, number - 1))
        assert float(row["copy_last"]) == pytest.approx(np.mean((last - target) ** 2), rel=1e-4)
        for name, image in (("mean_squared_error", "frame"), ("zero_flow", "unmoved")):
            error = np.mean((np.clip(getattr(prediction, image), 0, 1) - target) ** 2)
            assert float(row[name]) == pytest.approx(error, rel=1e-4)
        assert float(row["time"]) == pytest.approx(number / 25, abs=1e-3)
    assert summary["means"]["copy_last"] == pytest.approx(
        np.mean([float(row["copy_last"]) for row in rows]), rel=1e-4
    )


def test_npz_and_no_flow(tmp_path, predictor):
    path = make_video(tmp_path / "a.mp4", 3, size=(16, 16))
    predicted(predictor, path, tmp_path / "npz", flow_format="npz")
    predicted(predictor, path, tmp_path / "none")
    assert not (tmp_path / "none" / "flow").exists()
    with np.load(tmp_path / "npz" / "flow" / "frame_000002.npz") as file:
        assert file["flow"].shape == (16, 16, 2)


def test_images_in_a_folder_and_frames_brought_to_a_size(tmp_path, predictor):
    (tmp_path / "images").mkdir()
    for t in range(4):
        Image.fromarray(np.full((40, 60), 20 * t, np.uint8)).save(tmp_path / f"images/{t}.png")
    summary, _ = predicted(predictor, tmp_path / "images", tmp_path / "output", size=(16, 16))
    assert summary["size"] == [16, 16]


def test_variable_frame_rate_keeps_its_times(tmp_path, predictor):
    times = [0, 40, 55, 300, 310, 900]
    path = make_video(tmp_path / "a.mkv", 6, size=(16, 16), times=times)
    _, rows = predicted(predictor, path, tmp_path / "output")
    np.testing.assert_allclose([float(row["time"]) for row in rows], np.array(times[1:]) / 1000)
    for name in ("prediction", "flow", "side_by_side"):
        with av.open(str(tmp_path / "output" / f"{name}.mp4")) as container:
            written = [frame.time for frame in container.decode(video=0)]
        np.testing.assert_allclose(written, [0, 0.015, 0.26, 0.27, 0.86], rtol=0, atol=1e-9)


def test_constant_rate_is_kept_though_the_container_rounds_its_times(tmp_path, predictor):
    rate = Fraction(30000, 1001)
    path = make_video(tmp_path / "a.avi", 9, size=(16, 16))
    video = open_stream(str(path))
    video.rate, video.times = rate, np.arange(9) / float(rate)
    predict_video(predictor, video, tmp_path / "output", Options(), {})
    with av.open(str(tmp_path / "output" / "prediction.mp4")) as container:
        stream = container.streams.video[0]
        written = [frame.pts * frame.time_base for frame in container.decode(stream)]
        assert stream.average_rate == rate
    assert written == [number / rate for number in range(8)]


def test_small_frames_have_no_ssim_and_the_same_psnr_as_others(tmp_path, predictor):
    path = make_video(tmp_path / "a.avi", 4, size=(16, 24))
    summary, rows = predicted(predictor, path, tmp_path / "output", size=(8, 8))
    assert [row["ssim"] for row in rows] == ["", "", ""]
    assert '"ssim": null' in (tmp_path / "output" / "summary.json").read_text()
    assert "SSIM -" in report(summary)
    for row in rows:
        psnr = -10 * np.log10(float(row["mean_squared_error"]))
        assert float(row["psnr"]) == pytest.approx(psnr, rel=1e-4)


def coloured_video(path, num_frames, size=(48, 64)):
    """Moving stripes, red over blue."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "5"})
        stream.height, stream.width, stream.pix_fmt = *size, "yuv420p"
        for number in range(num_frames):
            image = np.full((*size, 3), (40, 40, 200), np.uint8)
            image[:, 8 + number : 24 + number] = 200, 40, 40
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def test_colour_in_is_colour_out_unless_grey_is_wanted(tmp_path, predictor):
    path = coloured_video(tmp_path / "a.mp4", 5)
    predicted(predictor, path, tmp_path / "colour")
    predicted(predictor, path, tmp_path / "grey", grey=True)
    frames = [frame.picture for frame in stream_frames(open_stream(str(path)), Selection())]
    made = list(predictor.predictions([frame.grey for frame in frames[:-1]]))
    expected = coloured(frames[2].colour, frames[2].grey, made[2].frame, made[2].flow)
    shown = decoded(tmp_path / "colour" / "prediction.mp4")[2]
    assert np.abs(shown.astype(int) - expected).mean() < 8  # chroma is halved
    assert np.ptp(shown.astype(int), axis=-1).max() > 100
    grey = decoded(tmp_path / "grey" / "prediction.mp4")[2]
    assert np.ptp(grey.astype(int), axis=-1).max() < 8
    metrics = [(tmp_path / name / "metrics.csv").read_text() for name in ("colour", "grey")]
    assert metrics[0] == metrics[1]


def test_flow_scale_by_a_percentile_of_the_first_predictions(tmp_path, predictor):
    path = make_video(tmp_path / "a.avi", 6, size=(16, 16))
    frames = list(open_video(path))
    flows = np.stack([made.flow for made in predictor.predictions(frames[:-1])])
    lengths = np.sort(np.sqrt(np.square(flows[:, ::4, ::4]).sum(axis=-1)).ravel())
    expected = max(0.1, float(f"{lengths[-1]:.2g}"))
    summary, _ = predicted(predictor, path, tmp_path / "output", flow_percentile=100)
    assert summary["flow_scale"] == expected
    summary, _ = predicted(predictor, path, tmp_path / "fixed", flow_scale=3.0)
    assert summary["flow_scale"] == 3


def test_summary_says_how_it_was_made(tmp_path, predictor):
    summary, _ = predicted(
        predictor, make_video(tmp_path / "a.avi", 3, size=(16, 16)), tmp_path / "output"
    )
    assert summary["model_path"] == "model.npz"
    assert summary["motion_threshold"] == 0.5
    assert summary["versions"]["jax"] == jax.__version__
    assert summary["versions"]["av"] == av.__version__


def test_nothing_is_left_after_an_error(tmp_path, predictor, monkeypatch):
    path = make_video(tmp_path / "a.avi", 6, size=(16, 16))

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FrameErrors, "add", fail)
    with pytest.raises(OSError, match=r"output: cannot be written \(No space left on device\)"):
        predicted(predictor, path, tmp_path / "new" / "output")
    assert [file.name for file in tmp_path.iterdir()] == ["a.avi"]


def test_one_frame_and_full_folders_are_refused(tmp_path, predictor):
    path = make_video(tmp_path / "a.avi", 1)
    with pytest.raises(UserError, match=r"a.avi: 1 frame; expected 2 or more"):
        predicted(predictor, path, tmp_path / "output")
    path = make_video(tmp_path / "b.avi", 3)
    with pytest.raises(UserError, match="expected a new or empty folder"):
        predicted(predictor, path, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.avi", "b.avi"]


def test_report_says_what_matters(tmp_path, predictor):
    path = make_video(tmp_path / "a.avi", 12, size=(120, 160))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 9 // 10])
    summary, _ = predicted(predictor, path, tmp_path / "output", size=(16, 16))
    text = report(summary)
    assert "frames/s" in text
    assert "copy last: " in text
    assert summary["problem"] and f"the input {summary['problem']}" in text


def test_a_model_that_has_diverged_is_named_before_its_numbers_are_written(tmp_path, predictor):
    config, params = make(**FEW_FEATURES)
    huge = jax.tree.map(lambda leaf: np.full_like(leaf, 3e38), params)
    path = make_video(tmp_path / "a.avi", 4)
    with pytest.raises(ValueError, match=r"a.avi: frame 1 is not predicted in finite numbers"):
        predicted(VideoPredictor(config, huge), path, tmp_path / "output")
    assert [file.name for file in tmp_path.iterdir()] == ["a.avi"]
