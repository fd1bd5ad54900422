import json
import shutil

import numpy as np
import pytest
from made_video import make_video
from small_run import run as run_program

from data.clips.prepared_clips import PreparedClips
from data.prepare import main as prepare
from data.video.framing import centre_square
from experiments.configs import video
from experiments.configs.config import resolve
from experiments.console.errors import UserError
from experiments.measure.final_evaluation import read_evaluation
from experiments.run.stored import latest_update
from experiments.training.experiment import train_and_evaluate
from experiments.training.training_data import TrainingData
from vstm.inference.predictor import load

SMALL = {
    "tau": 2,
    "model.encoder_features": (3,),
    "model.memory_features": (4,),
    "model.memory_kernel_size": 3,
    "data.image_size": 16,
    "data.sequence_length": 4,
    "train.batch_size": 2,
    "train.num_sequences": 12,
    "train.validate_every_steps": 3,
    "train.image_every_steps": 5,
    "evaluation.batch_size": 2,
}


RECURRENT = {"model.recurrent_flow": True, "model.tracking": False, "model.softening": False}


def moving_wave(number, size):
    """A wave that moves by a pixel a frame: without cuts."""
    y, x = np.mgrid[: size[0], : size[1]]
    return (128 + 60 * np.sin((x - number) / 4) * np.cos(y / 5)).astype(np.uint8)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    source = tmp_path_factory.mktemp("source")
    for number in range(3):
        make_video(source / f"{number}.mp4", 14, draw=moving_wave)
    output = tmp_path_factory.mktemp("video") / "prepared"
    prepare(["video_folder", f"--source={source}", f"--output={output}", "--size=20x24"])
    return output


def config(prepared, **changes):
    config = video.get_config("conv-1enc-1LSTM")
    config.update_from_flattened_dict(SMALL | {"video.directory": str(prepared)} | changes)
    return config


def test_configuration_is_that_of_the_papers_real_video():
    config = video.get_config()
    assert (config.tau, config.loss, config.data.sequence_length) == (12, "sum", 13)
    assert config.variant == "conv-1enc-1LSTM"
    config.video.directory = "somewhere"
    assert resolve(config).data.name == "video"


@pytest.fixture(scope="module")
def finished_video_run(prepared):
    """Settings, folder and last state of a run that was left alone; read it only."""
    settings = resolve(config(prepared, **{"train.checkpoint_every_steps": 3}))
    run = prepared.parent / "run"
    state, received = train_and_evaluate(settings, run)
    assert (int(state.step), received) == (6, None)
    return settings, run, state


def test_a_run_on_video_trains_evaluates_and_leaves_a_model(finished_video_run, prepared, tmp_path):
    _, run, state = finished_video_run
    run = shutil.copytree(run, tmp_path / "run")
    for split in ("validation", "test"):
        result = read_evaluation(run, split)
        assert result["num_sequences"] == 11  # of 14 frames, windows of 4
        assert result["true_flow_warp"] is None
        assert result["model"]["mean_squared_error"] > 0
        assert (run / f"samples_{split}.png").is_file()
    predictor = load(run)
    kernel = predictor.params["decoder"]["Conv2D_0"]["kernel"]
    np.testing.assert_array_equal(kernel, state.params["decoder"]["Conv2D_0"]["kernel"])
    assert predictor.model.config.output == "intensity"
    assert predictor.model.config.frame_size == (16, 16)
    clips = PreparedClips(prepared)
    index = next(i for i, clip in enumerate(clips) if "test" in clip.splits[0])
    frames = centre_square(clips.read(index, 0, 14)["frame"], 16) / 255
    expected = np.mean([(frames[t + 2] - frames[t + 1]) ** 2 for t in range(11)])
    result = read_evaluation(run, "test")
    assert result["copy_last"]["mean_squared_error"] == pytest.approx(expected, rel=1e-4)

    code, _, errors = run_program(
        "evaluate", f"--workdir={run}", "--split=prepared", f"--prepared={prepared}"
    )
    assert code == 0, errors
    again = read_evaluation(run, f"prepared_{prepared.name}")
    assert again["model"] == result["model"]


@pytest.fixture
def stopped_run(finished_video_run, prepared, tmp_path):
    """The run at half of its updates, and its clips; to be changed."""
    settings, run, _ = finished_video_run
    folder = prepared.parent
    untouched = shutil.copytree(folder, tmp_path / "untouched")
    shutil.rmtree(run / "checkpoints" / "6")
    yield settings, run, prepared
    shutil.rmtree(folder)
    shutil.copytree(untouched, folder)


def test_a_run_does_not_go_on_with_other_clips(stopped_run):
    settings, run, clips = stopped_run
    path = clips / "dataset.json"
    dataset = json.loads(path.read_text())
    path.write_text(json.dumps(dataset | {"clips": dataset["clips"][::-1]}))
    with pytest.raises(UserError, match=r"config.video: the data was prepared anew"):
        train_and_evaluate(settings, run)
    path.write_text(json.dumps(dataset))
    state, _ = train_and_evaluate(settings, run)
    assert int(state.step) == 6


def test_clips_damaged_while_training_are_named(stopped_run):
    settings, _, clips = stopped_run
    data = TrainingData(settings)
    next(data)
    for path in (clips / "clips").glob("*.array_record"):
        path.write_bytes(b"no record")
    with pytest.raises(UserError, match=r"cannot be read: .*array_record: has changed while"):
        for _ in range(100):  # some are read ahead
            next(data)


def test_positions_of_another_version_are_refused(stopped_run):
    settings, _, _ = stopped_run
    data = TrainingData(settings)
    position = data.position()
    with pytest.raises(UserError, match="position in the training data is of another version"):
        data.go_to(position["batches"])


@pytest.mark.parametrize("split", ["train", "test"])
def test_damaged_clips_are_named(stopped_run, split):
    settings, run, clips = stopped_run
    for entry in json.loads((clips / "dataset.json").read_text())["clips"]:
        if split in entry["clip"]["splits"][0]:
            (clips / "clips" / entry["file"]).write_bytes(b"no record")
    (run / "eval_test.json").unlink()
    with pytest.raises(UserError, match=r"array_record: 9 bytes for \d+ frames"):
        train_and_evaluate(settings, run)
    assert latest_update(run) == 3  # before any update more


def test_a_finished_run_is_reported_when_its_clips_are_gone(
    finished_video_run, prepared, tmp_path, capsys
):
    settings, run, _ = finished_video_run
    prepared.rename(tmp_path / "elsewhere")
    state, _ = train_and_evaluate(settings, run)
    (tmp_path / "elsewhere").rename(prepared)
    assert int(state.step) == 6
    assert "evaluated on test already" in capsys.readouterr().out


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--split=prepared"], "--split=prepared: --prepared is missing: Another prepared folder"),
        (["--prepared=x"], "--prepared: is for --split=prepared, not for --split=test"),
        (["--split=prepared", "--prepared=nowhere"], "nowhere/dataset.json: no such file"),
    ],
)
def test_bad_prepared_folders_are_named(finished_run, flags, message):
    code, _, errors = run_program("evaluate", f"--workdir={finished_run}", *flags)
    assert code == 2
    assert message in errors


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"video.directory": ""}, r"config.video.directory: expected the folder that `python -m"),
        (
            {"video.directory": "nowhere"},
            r"config.video: nowhere.dataset.json: no such",
        ),
        ({"video.division": 2}, "division 2: the data set has 1"),
        (
            {"tau": 14, "data.sequence_length": 15},
            "no clip has the 15 frames .* the longest has 14",
        ),
        (
            {"model.residual": True, "loss": "bce"},
            "config.model.residual=True: expected False, as the output is a logit",
        ),
        ({"segment": 2, "train.num_targets": 2}, "config.segment=2: config.train.num_targets=2"),
        (
            {"segment": 2, "train.num_targets": 1} | RECURRENT,
            "config.segment=2: config.model.recurrent_flow",
        ),
        ({"video.random_crops": False, "video.max_pan": 1.0}, "max_pan: moves the squares"),
        ({"data.image_size": 8}, "config.data.image_size=8: expected at least 11"),
        ({"data.name": "vidoe"}, "did you mean 'video'"),
    ],
)
def test_bad_configurations_are_named_before_anything_is_written(
    prepared, tmp_path, changes, message
):
    with pytest.raises(UserError, match=message):
        train_and_evaluate(config(prepared, **changes), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_residual_and_recurrent_models_train_and_load(prepared, tmp_path):
    changes = {
        **RECURRENT,
        "model.residual": True,
        "flow_loss.sparsity_weight": 0.1,
        "video.max_pan": 1.0,
        "video.random_reversals": True,
    }
    train_and_evaluate(config(prepared, **changes), tmp_path)
    described = load(tmp_path).model.config
    assert described.residual and described.recurrent_flow
