"""The sweeps' logic, with a stand-in for Python that writes empty files where programs would."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SWEEPS = Path(__file__).parent.parent / "experiments" / "sweeps"
STAND_IN = """#!/usr/bin/env bash
for flag in "$@"; do
  case $flag in --workdir=*) folder=${flag#*=} ;; --output=*) folder=${flag#*=} ;; esac
done
echo "$2 $(basename "$folder")"
if [[ $folder == *${FAILING:-nothing}* && $2 != experiments.evaluate_flow ]]; then exit 2; fi
mkdir -p "$(dirname "$folder")"
case $2 in
  experiments.train) mkdir -p "$folder" && touch "$folder"/{eval_test.json,samples_test.png} ;;
  experiments.evaluate_flow) touch "$folder/flow_test.json" ;;
  experiments.true_flow_floor) touch "$folder" ;;
  *) mkdir -p "$folder" && touch "$folder/results.json" ;;
esac
"""
TRAIN = "experiments.train conv-1enc-1LSTM-10-seed0"
FLOW = "experiments.evaluate_flow conv-1enc-1LSTM-10-seed0"
OTHER_TRAIN, OTHER_FLOW = (line.replace("conv-1enc", "fc-2enc") for line in (TRAIN, FLOW))
FLOORS = ["experiments.true_flow_floor 1enc.json", "experiments.true_flow_floor 2enc.json"]
TABLE = "experiments.paper_table table2"


@pytest.fixture
def sweep(tmp_path):
    """Runs a sweep on two variants in a copy of the project; returns its exit code and calls."""
    shutil.copytree(SWEEPS, tmp_path / "experiments" / "sweeps")
    python = tmp_path / "python"
    python.write_text(STAND_IN)
    python.chmod(0o755)

    def run(script="table2.sh", **environment):
        settings = {"PYTHON": str(python), "SEQUENCES": "10", "SEEDS": "0"}
        variants = {"VARIANTS": "conv-1enc-1LSTM fc-2enc-1LSTM"}
        process = subprocess.run(
            ["bash", tmp_path / "experiments" / "sweeps" / script],
            env=os.environ | settings | variants | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return process.returncode, process.stdout.splitlines()

    return run


def test_every_cell_is_made_once(sweep):
    assert sweep() == (0, [TRAIN, FLOW, OTHER_TRAIN, OTHER_FLOW, *FLOORS, TABLE])
    assert sweep() == (0, [])


def test_a_deleted_cell_alone_is_made_again(sweep, tmp_path):
    sweep()
    shutil.rmtree(tmp_path / "runs" / "table2" / "conv-1enc-1LSTM-10-seed0")
    assert sweep() == (0, [TRAIN, FLOW, TABLE])
    assert sweep() == (0, [])


def test_a_failing_cell_is_left_out_and_tried_again(sweep):
    assert sweep(FAILING="conv-1enc") == (1, [TRAIN, OTHER_TRAIN, OTHER_FLOW, *FLOORS, TABLE])
    assert sweep() == (0, [TRAIN, FLOW, TABLE])


def test_cells_are_gathered_though_the_results_are_newer(sweep, tmp_path):
    sweep()
    results = tmp_path / "experiments" / "results" / "table2" / "results.json"
    cell = tmp_path / "runs" / "table2" / "fc-2enc-1LSTM-10-seed0" / "eval_test.json"
    now = results.stat().st_mtime
    os.utime(cell, (now + 1,) * 2)
    os.utime(results, (now + 2,) * 2)  # another machine's, by git
    assert sweep() == (0, [TABLE])


def test_cells_of_a_sweep_killed_before_its_table_are_gathered(sweep):
    assert sweep(FAILING="results/table2") == (
        2,
        [TRAIN, FLOW, OTHER_TRAIN, OTHER_FLOW, *FLOORS, TABLE],
    )
    assert sweep() == (0, [TABLE])


def test_figure_5_trains_the_lined_run_alone_where_table_2_is_there(sweep, tmp_path):
    sweep()
    assert sweep("figure5.sh") == (0, [TRAIN, FLOW, "experiments.tabulate figure5"])
    assert (tmp_path / "runs" / "figure5" / "conv-1enc-1LSTM-10-seed0").is_dir()
    pictures = (tmp_path / "experiments" / "results" / "figure5").glob("*.png")
    assert {picture.name for picture in pictures} == {"plain.png", "lined.png"}
    assert sweep("figure5.sh") == (0, [])
