"""The sweeps' logic, with a stand-in for Python that writes empty files where programs would."""

import ast
import os
import re
import shutil

import pytest
from made_sweeps import SWEEPS

from experiments.report.tables import TABLES
from vstm.variants import VARIANTS

BY_HAND = {"photometric", "make_train"}  # tables that no sweep gathers
TRAIN = "train conv-1enc-1LSTM-10-seed0"
FLOW = "evaluate_flow conv-1enc-1LSTM-10-seed0 --classical"
OTHER_TRAIN, OTHER_FLOW = (line.replace("conv-1enc", "fc-2enc") for line in (TRAIN, FLOW))
FLOORS = ["true_flow_floor 1enc.json", "true_flow_floor 2enc.json"]
TABLE = "report table2"
ALL = [TRAIN, FLOW, OTHER_TRAIN, OTHER_FLOW, *FLOORS, TABLE]


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_every_cell_is_made_once(sweep):
    assert sweep() == (0, ALL)
    assert sweep() == (0, [])


def test_a_deleted_cell_alone_is_made_again(sweep, tmp_path):
    sweep()
    shutil.rmtree(tmp_path / "runs" / "table2" / "conv-1enc-1LSTM-10-seed0")
    assert sweep() == (0, [TRAIN, FLOW, TABLE])
    assert sweep() == (0, [])


def test_a_failing_cell_is_left_out_and_tried_again(sweep):
    assert sweep(FAILING="train*conv-1enc") == (1, [TRAIN, OTHER_TRAIN, OTHER_FLOW, *FLOORS, TABLE])
    assert "failed: runs/table2/conv-1enc-1LSTM-10-seed0\n" in sweep.errors
    assert sweep() == (0, [TRAIN, FLOW, TABLE])
    assert not sweep.errors


def test_failing_scores_and_floors_are_listed_and_the_table_is_written(sweep):
    assert sweep(FAILING="evaluate_flow*conv-1enc 1enc.json") == (1, ALL)
    cell = "runs/table2/conv-1enc-1LSTM-10-seed0/flow_test.json"
    assert f"failed: {cell} runs/table2/floors/1enc.json\n" in sweep.errors
    assert sweep() == (0, [FLOW, FLOORS[0], TABLE])


@pytest.mark.parametrize("failing", ["train", "evaluate_flow", "true_flow_floor"])
def test_a_signal_ends_the_sweep(sweep, failing):
    code, calls = sweep(FAILING=failing, STATUS="143")
    assert code == 143
    assert calls[-1].startswith(failing) and TABLE not in calls


@pytest.mark.parametrize(
    "script, last", [("figure6.sh", "report figure6"), ("flow.sh", "report flow")]
)
def test_what_fails_in_table_2_does_not_end_a_sweep_that_wants_it(sweep, script, last):
    code, calls = sweep(script, FAILING="train*conv-1enc")
    assert (code, calls[-2:]) == (1, [TABLE, last])
    assert "failed: table2.sh\n" in sweep.errors


def test_without_opencv_flow_is_scored_without_classical_methods(sweep):
    calls = [call.removesuffix(" --classical") for call in ALL]
    assert sweep(OPENCV="no") == (0, calls)
    (line,) = sweep.errors.splitlines()
    assert line.startswith("OpenCV (the extra bench) is missing")


def test_results_of_other_runs_stay_below_them(sweep, tmp_path):
    sweep()
    before = files(tmp_path)
    for script in ("table2.sh", "figure5.sh", "figure6.sh", "longer.sh", "ahead.sh"):
        assert sweep(script, RUNS="elsewhere")[0] == 0
    added = files(tmp_path) - before
    assert all(path.startswith("elsewhere/") for path in added)
    assert "elsewhere/results/table2/results.json" in added
    assert "elsewhere/results/figure5/lined.png" in added
    assert (tmp_path / "elsewhere" / ".gitignore").read_text() == "*\n"
    sweep("figure6.sh", RUNS="elsewhere")
    assert sweep("figure6.sh", RUNS="elsewhere") == (0, [])
    assert sweep(RUNS="elsewhere", RESULTS="third") == (0, [TABLE])
    assert (tmp_path / "third" / "table2" / "results.json").exists()


def test_a_small_try_passes_flags_to_each_training_of_other_runs(sweep, tmp_path):
    flags = "--config.data.num_test=8"
    assert sweep(FLAGS=flags) == (2, [])
    assert "error: FLAGS changes the cells" in sweep.errors
    code, calls = sweep(FLAGS=flags, RUNS="elsewhere")
    assert code == 0
    assert [call for call in calls if call.endswith(flags)] == [
        f"{call} {flags}" for call in (TRAIN, OTHER_TRAIN, *FLOORS)
    ]


def test_results_are_gathered_again_by_other_settings(sweep):
    assert sweep("figure6.sh") == (0, [*ALL, "report figure6"])
    assert sweep("figure6.sh") == (0, [])
    sweep(SEQUENCES="20")
    assert sweep("figure6.sh", SEQUENCES="20") == (0, ["report figure6"])
    assert sweep("figure6.sh") == (0, [TABLE, "report figure6"])


def test_cells_are_gathered_though_the_results_are_newer(sweep, tmp_path):
    sweep()
    results = tmp_path / "experiments" / "results" / "table2" / "results.json"
    cell = tmp_path / "runs" / "table2" / "fc-2enc-1LSTM-10-seed0" / "eval_test.json"
    now = results.stat().st_mtime
    os.utime(cell, (now + 1,) * 2)
    os.utime(results, (now + 2,) * 2)  # another machine's, by git
    assert sweep() == (0, [TABLE])


def test_cells_of_a_sweep_killed_before_its_table_are_gathered(sweep):
    assert sweep(FAILING="results/table2") == (2, ALL)
    assert sweep() == (0, [TABLE])


def test_figure_5_trains_the_lined_run_alone_where_table_2_is_there(sweep, tmp_path):
    sweep()
    assert sweep("figure5.sh") == (
        0,
        [TRAIN, FLOW.removesuffix(" --classical"), "report figure5"],
    )
    assert (tmp_path / "runs" / "figure5" / "conv-1enc-1LSTM-10-seed0").is_dir()
    pictures = (tmp_path / "experiments" / "results" / "figure5").glob("*.png")
    assert {picture.name for picture in pictures} == {"plain.png", "lined.png"}
    assert sweep("figure5.sh") == (0, [])


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_memory_is_halved_and_doubled(sweep, variant):
    code, calls = sweep("ablations.sh", VARIANT=variant, CELLS="width-0.5 width-2")
    assert (code, calls[-1]) == (0, "report ablations")
    found = [call.split("memory_features=")[1] for call in calls if call.startswith("train ")]
    features = VARIANTS[variant].memory_features
    assert [ast.literal_eval(text) for text in found] == [
        tuple(n // 2 for n in features),
        tuple(2 * n for n in features),
    ]


def test_tables_are_those_that_reports_know():
    gathered = set()
    for script in SWEEPS.glob("*.sh"):
        gathered |= set(re.findall(r"experiments\.report --table=(\w+)", script.read_text()))
    assert gathered == {name for name, table in TABLES.items() if table.rows} - BY_HAND


def test_real_video_is_measured_anew_and_keeps_the_pictures_named(sweep, tmp_path):
    clips = tmp_path / "my clips"
    clips.mkdir()
    for name in ("a", "b"):
        assert sweep("real_video.sh", clips, PICTURES=name) == (0, ["measure.video measurement"])
    results = tmp_path / "experiments" / "results" / "real_video"
    names = ("results.json", "results.md", "measurement.json", "a.png", "b.png")
    assert files(results) == set(names)
    (gathered,) = (tmp_path / "runs" / "real_video").glob(".gathered-*")
    assert gathered.read_text().endswith("bash experiments/sweeps/real_video.sh my clips\n")


def test_an_ablation_of_another_variant_is_refused(sweep):
    assert sweep("ablations.sh", VARIANT="other") == (2, [])
    assert "VARIANT=other: not one of Table 2" in sweep.errors
