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


def made_model(folder):
    folder.mkdir(parents=True)
    (folder / "model.npz").touch()
    (folder / "eval_test.json").touch()


def test_ahead_can_begin_with_runs_of_another_table(sweep, tmp_path):
    environment = {"VARIANTS": "a b", "AHEAD": "5", "DRAWN": "77"}
    started = {"FROM": "runs/table2/VARIANT-trapezoid-10-seedSEED"}
    assert sweep("protocol.sh", **environment, **started) == (2, [])
    assert "FROM: runs/table2/a-trapezoid-10-seed0 has no model.npz" in sweep.errors
    for variant in "ab":
        made_model(tmp_path / "runs" / "table2" / f"{variant}-trapezoid-10-seed0")
    calls = [
        f"{program} {variant}-from-trapezoid-10-ahead-15-seed0{flags}"
        for variant in "ab"
        for program, flags in (
            (
                "train",
                f" --config.train.initial_model=runs/table2/{variant}-trapezoid-10-seed0"
                " --config.data.num_train=77",
            ),
            ("evaluate_ahead", ""),
        )
    ]
    assert sweep("protocol.sh", **environment, **started) == (0, [*calls, "report protocol"])
    assert sweep("protocol.sh", **environment, **started) == (0, [])
    _, calls = sweep("protocol.sh", **environment)
    assert [call.split()[1] for call in calls if call.startswith("train")] == [
        "a-10-seed0",
        "a-ahead-15-seed0",
        "b-10-seed0",
        "b-ahead-15-seed0",
    ]


def test_a_run_is_trained_for_longer_in_a_run_for_each_of_the_settings(sweep, tmp_path):
    table2 = "train a-10-seed0"
    made_model(tmp_path / "runs" / "other" / "a-x-10-seed0")
    began = "--config.train.initial_model=runs/table2/a-10-seed0"
    share = " --config.flow_loss.photometric_share=0.0"
    for settings, run, flags in (
        ({}, "a-5-seed1", began),
        ({"RATE": "1e-3"}, "a-rate-1e-3-5-seed1", began),
        ({"WEIGHT": "0.3"}, "a-photometric-0.3-5-seed1", began + share),
        (
            {"FROM": "runs/other/a-x-10-seed0", "RATE": "1e-3", "WEIGHT": "0.3"},
            "a-from-x-10-seed0-rate-1e-3-photometric-0.3-5-seed1",
            "--config.train.initial_model=runs/other/a-x-10-seed0" + share,
        ),
        (
            {"SET": "data.num_train=7 model.residual=True"},
            "a-num_train-7-residual-True-5-seed1",
            f"{began} --config.data.num_train=7 --config.model.residual=True",
        ),
    ):
        environment = {"VARIANT": "a", "MORE": "5"} | settings
        before = [] if settings else [table2]
        calls = [*before, f"train {run} {flags}", f"evaluate_flow {run}", "report longer"]
        assert sweep("longer.sh", **environment) == (0, calls)
        assert sweep("longer.sh", **environment) == (0, [])
    assert sweep("longer.sh", VARIANT="a", FROM="runs/other/a-y-10-seed0") == (2, [])
    assert "FROM: runs/other/a-y-10-seed0 has no model.npz" in sweep.errors


@pytest.mark.parametrize(
    "name, settings, expected",
    [
        ("protocol", {"VARIANTS": "a b", "AHEAD": "5 20"}, {"DRAWN": "100000", "SEEDS": "0"}),
        ("longer", {"VARIANT": "a", "MORE": "5", "RATE": "1e-3", "WEIGHT": "0.3"}, {}),
        ("longer", {"VARIANT": "a", "MORE": "5", "SET": "tau=5 model.residual=True"}, {}),
    ],
)
def test_the_command_of_results_can_be_run_again(sweep, tmp_path, name, settings, expected):
    settings = settings | {"FROM": "runs/the table/VARIANT-seedSEED"}
    for run in ("a-seed0", "b-seed0", "VARIANT-seedSEED"):
        made_model(tmp_path / "runs" / "the table" / run)
    assert sweep(f"{name}.sh", **settings)[0] == 0
    folder = "protocol" if name == "protocol" else "longer-10"
    gathered = (tmp_path / "runs" / folder / f".gathered-{name}").read_text()
    *again, shell, script = shlex.split(gathered)
    assert (shell, script) == ("bash", f"experiments/sweeps/{name}.sh")
    assert dict(setting.split("=", 1) for setting in again) == settings | expected | {
        "SEQUENCES": "10"
    }
    assert sweep(f"{name}.sh", **dict(setting.split("=", 1) for setting in again)) == (0, [])


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
