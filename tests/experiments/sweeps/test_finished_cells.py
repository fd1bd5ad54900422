"""Which cells a sweep takes for finished, and what begins with one that isn't."""

import pytest

TRAIN = "train conv-1enc-1LSTM-10-seed0"
ONE = {"VARIANTS": "conv-1enc-1LSTM"}
FLOW = "evaluate_flow conv-1enc-1LSTM-10-seed0 --classical"


def test_a_stopped_cell_is_trained_on_though_it_was_evaluated_by_hand(sweep, tmp_path):
    cell = tmp_path / "runs" / "table2" / "conv-1enc-1LSTM-10-seed0"
    cell.mkdir(parents=True)
    (cell / "eval_test.json").touch()
    assert sweep(**ONE)[1][:2] == [TRAIN, FLOW]
    assert sweep(**ONE) == (0, [])


def test_a_cell_of_other_settings_is_left_to_the_training_program_which_refuses_it(sweep):
    cells = [f"train {loss}-10-seed0" for loss in ("intensity", "gradient", "sum")]
    scores = [call.replace("train", "evaluate_flow") for call in cells]
    calls = [call for both in zip(cells, scores, strict=True) for call in both]
    assert sweep("table3.sh") == (0, [*calls, "report table3"])
    assert sweep("table3.sh") == (0, [])
    code, again = sweep("table3.sh", TESTED="7", FAILING="train")
    assert (code, again[:3]) == (1, cells)
    _, others = sweep("table3.sh", RATE="1e-3", LOSSES="sum")
    assert others == [
        "train sum-rate-1e-3-10-seed0",
        "evaluate_flow sum-rate-1e-3-10-seed0",
        "report table3",
    ]


@pytest.mark.parametrize("script", ["protocol.sh", "longer.sh"])
def test_nothing_begins_with_a_run_that_is_not_finished(sweep, tmp_path, script):
    environment = {"VARIANTS": "a", "VARIANT": "a", "AHEAD": "5 20", "MORE": "5"}
    first = tmp_path / "runs" / ("protocol" if script == "protocol.sh" else "table2") / "a-10-seed0"
    first.mkdir(parents=True)
    (first / "model.npz").touch()  # as a stopped run has
    code, calls = sweep(script, **environment, FAILING="train*a-10-seed0")
    assert code == 1
    assert [call for call in calls if call.startswith("train")] == ["train a-10-seed0"]
    assert f"failed: {first.relative_to(tmp_path)}\n" in sweep.errors
    assert len([c for c in sweep(script, **environment)[1] if c.startswith("train")]) > 1
    other = {"FLAGS": "--config.data.num_test=8", "RUNS": "runs", "FAILING": "train*a-10-seed0"}
    _, calls = sweep(script, **environment | other)  # refused, as it is finished by another command
    assert [call.split()[1] for call in calls if call.startswith("train")] == ["a-10-seed0"]


@pytest.mark.parametrize("given", ["runs/other/first", "runs/other/first/"])
def test_a_run_of_any_name_can_be_begun_from(sweep, tmp_path, given):
    folder = tmp_path / "runs" / "other" / "first"
    folder.mkdir(parents=True)
    began = "--config.train.initial_model=runs/other/first"
    assert sweep("longer.sh", VARIANT="a", MORE="5", FROM=given) == (2, [])
    assert "FROM: runs/other/first has no model.npz; expected the folder" in sweep.errors
    (folder / "model.npz").touch()
    assert sweep("longer.sh", VARIANT="a", MORE="5", FROM=given) == (2, [])
    assert "FROM: runs/other/first has no eval_test.json" in sweep.errors
    (folder / "eval_test.json").touch()
    _, calls = sweep("longer.sh", VARIANT="a", MORE="5", FROM=given)
    assert calls[0] == f"train a-from-first-5-seed1 {began}"
    _, calls = sweep("protocol.sh", VARIANTS="a", AHEAD="5", DRAWN="7", FROM=given)
    assert calls[0] == f"train a-from-first-ahead-15-seed0 {began} --config.data.num_train=7"


def test_clips_are_predicted_anew_by_another_model(sweep, tmp_path):
    for name in ("box.mp4", "face.v1"):
        (tmp_path / name).mkdir()
    clips = [tmp_path / "box.mp4", tmp_path / "face.v1"]
    calls = ["predict box.mp4", "predict face.v1", "report predict"]
    assert sweep("figure7.sh", *clips, MODEL="one") == (0, calls)
    assert sweep("figure7.sh", *clips, MODEL="one") == (0, [])
    assert sweep("figure7.sh", *clips, MODEL="two") == (0, calls)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "face.v1").mkdir()
    assert sweep("figure7.sh", *clips, tmp_path / "other" / "face.v1") == (2, [])
    assert "error: several clips have the name face.v1\n" in sweep.errors


@pytest.mark.parametrize("script", ["ablations.sh", "real_video_choices.sh"])
def test_an_unknown_cell_is_named_before_any_is_trained(sweep, script):
    assert sweep(script, VARIANT="conv-1enc-1LSTM", CELLS="base tau-33") == (2, [])
    assert "error: CELLS: unknown tau-33; known: base " in sweep.errors


def test_the_quoted_command_tells_which_cells_it_makes(sweep, tmp_path):
    sweep("ablations.sh", VARIANT="conv-1enc-1LSTM", CELLS="base tau-5")
    gathered = (tmp_path / "runs" / "ablations" / ".gathered-ablations").read_text()
    assert gathered == (
        "SEQUENCES=10 VARIANT=conv-1enc-1LSTM SEEDS='0' CELLS='base tau-5' "
        "bash experiments/sweeps/ablations.sh\n"
    )
    sweep("flow.sh", SCHEDULE="trapezoid", **ONE)
    gathered = (tmp_path / "runs" / "table2" / ".gathered-flow").read_text()
    assert gathered == (
        "SEQUENCES=10 SEEDS='0' VARIANTS='conv-1enc-1LSTM' SCHEDULE='trapezoid' "
        "bash experiments/sweeps/flow.sh\n"
    )


def test_a_floor_of_fewer_updates_is_trained_anew(sweep):
    sweep(**ONE)
    code, calls = sweep(**ONE, UPDATES="700")
    assert (code, calls[0]) == (0, "true_flow_floor 1enc.json")


def test_an_earlier_prediction_stays_until_there_is_a_new_one(sweep, tmp_path):
    clip = tmp_path / "box"
    clip.mkdir()
    assert sweep("figure7.sh", clip, MODEL="one")[0] == 0
    kept = tmp_path / "runs" / "figure7" / "box" / "kept"
    kept.touch()
    assert sweep("figure7.sh", clip, MODEL="two", FAILING="predict", STATUS="143")[0] == 143
    assert sweep("figure7.sh", clip, MODEL="two", FAILING="experiments.predict")[0] == 1
    assert kept.exists()
    assert sweep("figure7.sh", clip, MODEL="two")[0] == 0
    assert sorted(path.name for path in kept.parents[1].iterdir() if path.is_dir()) == ["box"]
    assert not kept.exists()
