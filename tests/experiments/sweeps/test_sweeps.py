"""The sweeps' logic, with a stand-in for Python that writes empty files where programs would."""

import ast
import os
import re
import shlex
import shutil
import subprocess

import pytest
from small_run import ROOT

from experiments.report.tables import TABLES
from vstm.variants import VARIANTS

BY_HAND = {"photometric", "make_train"}  # tables that no sweep gathers
SWEEPS = ROOT / "experiments" / "sweeps"
STAND_IN = """#!/usr/bin/env bash
if [[ $1 == -c ]]; then [[ ${OPENCV:-yes} == yes ]]; exit; fi
flags=""
for flag in "$@"; do
  case $flag in
    --workdir=* | --output=*) folder=${flag#*=} ;;
    --classical | --config.data.num_test=* | --config.model.*) flags="$flags $flag" ;;
    --config.train.initial_model=* | --config.optimizer.schedule=*) flags="$flags $flag" ;;
    --config.flow_loss.photometric_share=* | --config.data.num_train=*) flags="$flags $flag" ;;
    --config=*:paper) flags="$flags paper" ;;
  esac
done
echo "${2#experiments.} $(basename "$folder")$flags"
for failing in ${FAILING:-}; do
  if [[ "$2 $folder" == *$failing* ]]; then exit ${STATUS:-2}; fi
done
mkdir -p "$(dirname "$folder")"
case $2 in
  experiments.train) mkdir -p "$folder" && touch "$folder"/{config,environment,eval_test}.json &&
    touch "$folder"/{metrics.jsonl,samples_test.png} ;;
  experiments.evaluate_flow) touch "$folder/flow_test.json" ;;
  experiments.evaluate_ahead) touch "$folder/ahead_test.json" ;;
  experiments.true_flow_floor) touch "$folder" ;;
  experiments.measure.video)
    mkdir "$folder" && touch "$folder"/{results.json,results.md,measurement.json,{a,b,c}.png} ;;
  *) mkdir -p "$folder" && touch "$folder/results.json" ;;
esac
"""
TRAIN = "train conv-1enc-1LSTM-10-seed0"
FLOW = "evaluate_flow conv-1enc-1LSTM-10-seed0 --classical"
OTHER_TRAIN, OTHER_FLOW = (line.replace("conv-1enc", "fc-2enc") for line in (TRAIN, FLOW))
FLOORS = ["true_flow_floor 1enc.json", "true_flow_floor 2enc.json"]
TABLE = "report table2"
ALL = [TRAIN, FLOW, OTHER_TRAIN, OTHER_FLOW, *FLOORS, TABLE]


@pytest.fixture
def sweep(tmp_path):
    """Runs a sweep on two variants in a copy of the project.

    Returns exit code and calls; `errors` has what the last one wrote to stderr.
    """
    shutil.copytree(SWEEPS, tmp_path / "experiments" / "sweeps")
    python = tmp_path / "python"
    python.write_text(STAND_IN)
    python.chmod(0o755)

    def run(script="table2.sh", *arguments, **environment):
        settings = {"PYTHON": str(python), "SEQUENCES": "10", "SEEDS": "0"}
        variants = {"VARIANTS": "conv-1enc-1LSTM fc-2enc-1LSTM"}
        process = subprocess.run(
            ["bash", tmp_path / "experiments" / "sweeps" / script, *arguments],
            env=os.environ | settings | variants | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        run.errors = process.stderr
        return process.returncode, process.stdout.splitlines()

    return run


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


def test_each_length_ahead_goes_on_from_the_one_before(sweep):
    environment = {"VARIANTS": "conv-2enc-1LSTM", "AHEAD": "5 20", "DRAWN": "77"}
    runs = [f"conv-2enc-1LSTM-{length}-seed0" for length in ("10", "ahead-15", "ahead-35")]
    began = "--config.train.initial_model=runs/protocol/"
    assert sweep("protocol.sh", **environment) == (
        0,
        [
            f"train {runs[0]}",
            f"evaluate_ahead {runs[0]}",
            f"train {runs[1]} {began}{runs[0]} --config.data.num_train=77",
            f"evaluate_ahead {runs[1]}",
            f"train {runs[2]} {began}{runs[1]} --config.data.num_train=77",
            f"evaluate_ahead {runs[2]}",
            "report protocol",
        ],
    )
    assert sweep("protocol.sh", **environment) == (0, [])


def test_the_command_of_results_can_be_run_again(sweep, tmp_path):
    environment = {"VARIANTS": "a b", "AHEAD": "5 20"}
    assert sweep("protocol.sh", **environment)[0] == 0
    *settings, shell, script = shlex.split(
        (tmp_path / "runs/protocol/.gathered-protocol").read_text()
    )
    assert (shell, script) == ("bash", "experiments/sweeps/protocol.sh")
    again = dict(setting.split("=") for setting in settings)
    assert {"SEQUENCES": "10", "DRAWN": "100000", "SEEDS": "0"} | environment == again
    assert sweep("protocol.sh", **again) == (0, [])


def test_the_papers_recipe_scores_one_run_at_each_length(sweep, tmp_path):
    environment = {"VARIANTS": "conv-1enc-1LSTM", "LENGTHS": "40 10"}
    train, score = "train conv-1enc-1LSTM-seed0 paper", "evaluate_flow conv-1enc-1LSTM-seed0"
    whole = tmp_path / "runs" / "paper_recipe" / "whole" / "conv-1enc-1LSTM-seed0"
    assert sweep("paper_recipe.sh", **environment) == (
        0,
        [train, score, train, "report paper_recipe"],
    )
    cells = [whole.parents[1] / f"conv-1enc-1LSTM-{length}-seed0" for length in (10, 40)]
    read = {"config.json", "environment.json", "eval_test.json", "flow_test.json", "metrics.jsonl"}
    assert [files(cell) for cell in cells] == [read, read]
    assert sweep("paper_recipe.sh", **environment) == (0, [])
    (cells[1] / "eval_test.json").unlink()
    assert sweep("paper_recipe.sh", **environment, FAILING="train*whole") == (1, [train])
    assert sweep("paper_recipe.sh", **environment) == (0, [train, "report paper_recipe"])


@pytest.mark.parametrize("photometric", ["0", "-1", "11"])
def test_a_photometric_loss_without_a_length_within_the_run_is_refused(sweep, photometric):
    assert sweep(PHOTOMETRIC=photometric) == (2, [])
    assert f"PHOTOMETRIC={photometric}: expected 1 to SEQUENCES=10" in sweep.errors


def test_a_long_run_has_its_schedule_and_its_photometric_loss(sweep):
    length = {"VARIANTS": "conv-1enc-1LSTM", "SEQUENCES": "40000"}
    code, calls = sweep(**length, SCHEDULE="trapezoid", PHOTOMETRIC="6000")
    assert (code, calls[0]) == (
        0,
        "train conv-1enc-1LSTM-40000-seed0 --config.optimizer.schedule=trapezoid "
        "--config.flow_loss.photometric_share=0.15",
    )


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
