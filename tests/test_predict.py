import csv
import json

import av
import numpy as np
import pytest
from made_video import make_video
from PIL import Image
from small_run import run
from test_video_predictor import make

from data.flo import read_flo
from data.video import open_video
from experiments.measure.frame_errors import FrameErrors
from experiments.measure.prediction import predict_video, report
from experiments.run.errors import UserError
from vstm.model_file import save_model
from vstm.video_predictor import Prediction, VideoPredictor


@pytest.fixture(scope="module")
def predictor():
    return VideoPredictor(*make(residual=True))


def predicted(predictor, video, output, **options):
    summary = predict_video(predictor, open_video(video), output, **options)
    with (output / "metrics.csv").open() as file:
        return summary, list(csv.DictReader(file))


def test_everything_is_written(tmp_path, predictor):
    path = make_video(tmp_path / "a.avi", 9, size=(39, 51))
    output = tmp_path / "new" / "output"
    summary, rows = predicted(predictor, path, output, flow_format="flo")
    assert summary["num_predicted"] == 8
    assert summary["size"] == [39, 51]
    assert json.loads((output / "summary.json").read_text()) == summary
    assert [int(row["frame"]) for row in rows] == list(range(1, 9))
    for name in ("prediction", "flow", "side_by_side"):
        with av.open(str(output / f"{name}.mp4")) as container:
            frames = list(container.decode(video=0))
        assert len(frames) == 8
    assert (frames[0].width, frames[0].height) == (5 * (51 + 4) + 72 + 1, 16 + 72 + 16)
    sheet = np.asarray(Image.open(output / "contact_sheet.png"))
    assert sheet.shape == (14 + 5 * (39 + 4), 4 + 7 * (51 + 4), 3)

    frames = list(open_video(path))
    for number, prediction in enumerate(predictor.predictions(frames[:-1]), 1):
        row = rows[number - 1]
        flow = read_flo(output / "flow" / f"frame_{number:06d}.flo")
        np.testing.assert_array_equal(flow, prediction.flow)
        target, last = (frames[i].astype(float) / 255 for i in (number, number - 1))
        assert float(row["copy_last"]) == pytest.approx(np.mean((last - target) ** 2), rel=1e-4)
        for name, image in (("mean_squared_error", "frame"), ("zero_flow", "unmoved")):
            error = np.mean((getattr(prediction, image) - target) ** 2)
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
    summary, _ = predicted(predictor, tmp_path / "images", tmp_path / "output", size=(20, 20))
    assert summary["size"] == [20, 20]


def test_variable_frame_rate_keeps_its_times(tmp_path, predictor):
    times = [0, 40, 55, 300, 310, 900]
    path = make_video(tmp_path / "a.mkv", 6, size=(16, 16), times=times)
    _, rows = predicted(predictor, path, tmp_path / "output")
    np.testing.assert_allclose([float(row["time"]) for row in rows], np.array(times[1:]) / 1000)


def test_one_frame_and_full_folders_are_refused(tmp_path, predictor):
    path = make_video(tmp_path / "a.avi", 1)
    with pytest.raises(UserError, match=r"a.avi: 1 frame; expected 2 or more"):
        predict_video(predictor, open_video(path), tmp_path / "output")
    path = make_video(tmp_path / "b.avi", 3)
    with pytest.raises(UserError, match="expected a new or empty folder"):
        predict_video(predictor, open_video(path), tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.avi", "b.avi"]


def test_flicker_is_the_flows_change_where_nothing_changes(tmp_path):
    rng = np.random.default_rng(0)
    frames = np.zeros((4, 12, 14), np.float32)
    frames[:, :, 7:] = rng.uniform(size=(4, 12, 7))  # the right half changes
    flows = rng.normal(size=(3, 12, 14, 2)).astype(np.float32)
    with FrameErrors(tmp_path / "metrics.csv", 0.5) as errors:
        for t in range(3):
            made = Prediction(frames[t], flows[t], frames[t], np.empty(0), np.empty(0))
            errors.add(t + 1, t / 30, frames[t], frames[t + 1], made)
        means = errors.means()
    changes = np.sqrt(np.square(flows[1:] - flows[:-1]).sum(axis=-1))[:, :, :7]
    # Pixels of the right half are still by chance, rarely.
    assert means["flicker"] == pytest.approx(changes.mean(), rel=0.05)
    lengths = np.sqrt(np.square(flows).sum(axis=-1))
    assert means["flow_length"] == pytest.approx(lengths.mean(), rel=1e-5)
    assert means["moving"] == pytest.approx((lengths > 0.5).mean(), rel=1e-5)


def test_report_says_what_matters(tmp_path, predictor):
    path = make_video(tmp_path / "a.avi", 12, size=(120, 160))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 9 // 10])
    summary, _ = predicted(predictor, path, tmp_path / "output")
    text = report(summary)
    assert "frames/s" in text
    assert "copy last: " in text
    assert "promises 12 frames" in text


def test_program(tmp_path):
    save_model(tmp_path / "model.npz", *make())
    make_video(tmp_path / "a.mp4", 4)
    code, out, err = run(
        "predict",
        f"--input={tmp_path / 'a.mp4'}",
        f"--output={tmp_path / 'output'}",
        f"--workdir={tmp_path}",
    )
    assert code == 0, err
    assert "a.mp4: 3 frames of 64x48" in out


@pytest.mark.parametrize(
    "flag, message",
    [
        ("--input=nowhere.mp4", "error: nowhere.mp4: no such file"),
        ("--workdir=nowhere", "error: nowhere: no such file"),
        ("--size=64", "error: --size=64: expected HEIGHTxWIDTH, such as 240x320"),
        ("--flow_scale=0", "error: --flow_scale=0.0: expected a number above 0"),
    ],
)
def test_bad_flags_are_named(tmp_path, flag, message):
    save_model(tmp_path / "model.npz", *make())
    make_video(tmp_path / "a.mp4", 4)
    flags = {
        "--input": tmp_path / "a.mp4",
        "--output": tmp_path / "output",
        "--workdir": tmp_path,
    }
    name, _, value = flag.partition("=")
    flags = flags | {name: value}
    code, _, err = run("predict", *(f"{key}={path}" for key, path in flags.items()))
    assert code == 2
    assert message in err
    assert not (tmp_path / "output").exists()
