"""Sweeps of runs that are long, or continue from each other."""

import shlex

import pytest


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


def test_ahead_can_begin_with_runs_of_another_table(sweep):
    environment = {"VARIANTS": "a b", "SEEDS": "0 1", "AHEAD": "5", "DRAWN": "77"}
    environment["FROM"] = "runs/table2/VARIANT-trapezoid-10-seedSEED"
    calls = [
        f"{program} {variant}-ahead-15-seed{seed}{flags}"
        for seed in (0, 1)
        for variant in "ab"
        for program, flags in (
            (
                "train",
                f" --config.train.initial_model=runs/table2/{variant}-trapezoid-10-seed{seed}"
                " --config.data.num_train=77",
            ),
            ("evaluate_ahead", ""),
        )
    ]
    assert sweep("protocol.sh", **environment) == (0, [*calls, "report protocol"])
    assert sweep("protocol.sh", **environment) == (0, [])


def test_a_run_is_trained_for_longer_from_another_with_a_photometric_loss_that_stays(sweep):
    environment = {"VARIANT": "a", "MORE": "5", "FROM": "runs/table2/a-trapezoid-10-seed0"}
    began = "--config.train.initial_model=runs/table2/a-trapezoid-10-seed0"
    for weight, run, share in (
        ({}, "a-5-seed1", ""),
        (
            {"WEIGHT": "0.3"},
            "a-photometric-0.3-5-seed1",
            " --config.flow_loss.photometric_share=0.0",
        ),
    ):
        assert sweep("longer.sh", **environment, **weight) == (
            0,
            [f"train {run} {began}{share}", f"evaluate_flow {run}", "report longer"],
        )
        assert sweep("longer.sh", **environment, **weight) == (0, [])


def test_the_command_of_results_can_be_run_again(sweep, tmp_path):
    environment = {"VARIANTS": "a b", "AHEAD": "5 20", "FROM": "runs/x/VARIANT-seedSEED"}
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
    assert [{path.name for path in cell.iterdir()} for cell in cells] == [read, read]
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
        "train conv-1enc-1LSTM-trapezoid-photometric-6000-40000-seed0 "
        "--config.optimizer.schedule=trapezoid --config.flow_loss.photometric_share=0.15",
    )
