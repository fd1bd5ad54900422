import json

import pytest
from made_runs import FLOW_SCORES, made_run
from small_run import ROOT, run

from experiments.console.errors import UserError
from experiments.measure.paper import AHEAD
from experiments.report.gather import ROW_MAKERS, found
from experiments.report.provenance import sequences_trained
from experiments.report.table import Evaluations, Predictions
from experiments.report.tables import TABLES

GATHERED = [name for name, table in TABLES.items() if table.rows]


def gather(table, runs, output, *flags):
    code, text, errors = run(
        "report.__main__", f"--table={table}", f"--runs={runs}", *flags, output
    )
    assert code == 0, errors
    return text


@pytest.mark.parametrize("name", ["table2", "table3", "figure6", "ablations", "flow"])
def test_results_gathered_from_two_places_are_those_of_both(tmp_path, name):
    output = tmp_path / "results"
    places = [("x", "conv-1enc-1LSTM", "bce"), ("y", "conv-2enc-1LSTM", "sum")]
    for place, variant, loss in places:
        changes = {"data.image_size": 32, "variant": variant}
        if name == "table3":
            changes["loss"] = loss
        made_run(tmp_path / place / place, 0.06, flow=float(ord(place)), **changes)
        gather(name, tmp_path / place, f"--output={output}")
    table = json.loads((output / "results.json").read_text())
    field = TABLES[name].key[0]
    there = {
        "run": ["x", "x, y", "y"] if name == "flow" else ["x", "y"],
        "variant": ["conv-1enc-1LSTM", "conv-2enc-1LSTM"],
        "loss": ["bce", "sum"],
    }
    assert [row[field] for row in table] == there[field]
    if described := TABLES[name].curves:
        curves = json.loads((output / "curves.json").read_text())
        assert [curve["label"] for curve in curves] == ["x", "y"]
        assert (output / described.picture).read_bytes().startswith(b"\x89PNG")

    written = (output / "results.md").read_text().splitlines()[0]
    report = f"python -m experiments.report --table={name} --runs={tmp_path}"
    assert written.endswith(f"Written by `{report}/x; {report}/y`.")
    gather(name, tmp_path / "x", f"--output={output}", "--command=another, without new rows")
    assert (output / "results.md").read_text().splitlines()[0] == written

    # Nothing in the files depends on when they are written.
    before = {path: path.read_bytes() for path in output.iterdir()}
    gather(
        name,
        tmp_path / "x",
        f"--output={output}",
        f"--command=python -m experiments.report --table={name} --runs={tmp_path / 'y'}",
    )
    assert {path: path.read_bytes() for path in output.iterdir()} == before


def test_a_run_of_format_1_gathered_again_keeps_its_row_and_what_gathered_it(tmp_path):
    results = ROOT / "experiments" / "results"
    (row,) = (
        row
        for row in json.loads((results / "ablations" / "results.json").read_text())
        if row["run"] == "conv-2enc-1LSTM-width-0.5-1600-seed0"
    )
    assert row["gathered_by"]
    config = json.loads((results / "make_train" / "config.json").read_text())
    assert config["format"] == 1
    config |= {"variant": "conv-2enc-1LSTM", "recipe": "fast"}
    config["memory"]["width"] = 0.5
    config["optimizer"]["learning_rate"] = 4e-3  # the rest undoes what its recipe, quick, set
    config["train"] |= {"image_every_steps": 200, "validate_every_steps": 500}
    config["evaluation"] |= {"num_test": 500, "num_validation": 200, "num_while_training": 256}
    folder = tmp_path / "runs" / row["run"]
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    scores = ("cross_entropy", "mean_squared_error", "ssim", "psnr")
    evaluation = {
        "sequences_trained": 1600,
        "model": {name: row[name] for name in scores},
        "copy_last": {name: row[f"copy_last_{name}"] for name in scores[:2]},
    }
    (folder / "eval_test.json").write_text(json.dumps(evaluation))
    flow = {"model": {name: row[name] for name in FLOW_SCORES}}
    (folder / "flow_test.json").write_text(json.dumps(flow))
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "results.json").write_text(json.dumps([row]))
    gather("ablations", folder.parent, f"--output={tmp_path / 'results'}")
    (again,) = json.loads((tmp_path / "results" / "results.json").read_text())
    assert again == row | {"commit": None}


def test_published_rows_stand_beside_those_of_runs_and_do_not_pile_up(tmp_path):
    for name, first, before in (("a", 40.0, ""), ("b", 33.0, tmp_path / "a" / "a")):
        folder = tmp_path / name / name
        changes = {"train.num_sequences": 100, "train.initial_model": str(before)}
        made_run(folder, first, **changes)
        scores = {"mean_mse": first + 10, "mse": [first, first + 20]}
        (folder / "ahead_test.json").write_text(json.dumps({"model": scores}))
        gather("protocol", folder.parent, f"--output={tmp_path / 'results'}")
    rows = json.loads((tmp_path / "results" / "results.json").read_text())
    published = [row for row in rows if row["name"] == "published"]
    assert sorted(row["run"] for row in published) == sorted(row["run"] for row in AHEAD)
    assert {row["run"]: row["mean_mse"] for row in published if "mean_mse" in row} == {
        row["run"]: row["mean_mse"] for row in AHEAD if "mean_mse" in row
    }
    ours = [row for row in rows if row["name"] == "model"]
    assert [(row["run"], row.get("frame")) for row in ours] == [
        (run, frame) for run in "ab" for frame in (None, 1, 2)
    ]
    # b began with a
    assert [row["sequences"] for row in ours if "sequences" in row] == [100, 200]


@pytest.mark.parametrize("initial", ["conv-2enc-1LSTM", "elsewhere/model.npz"])
def test_the_sequences_of_a_model_that_is_no_runs_are_not_known(tmp_path, initial):
    made_run(tmp_path / "a", 1.0, **{"train.initial_model": initial})
    assert sequences_trained(tmp_path / "a") is None
    made_run(tmp_path / "b", 1.0, **{"train.initial_model": str(tmp_path / "a")})
    assert sequences_trained(tmp_path / "b") is None


def test_predictions_are_written_anew(tmp_path):
    means = {"mean_squared_error": 0.5, "copy_last": 1.0, "zero_flow": 2.0}
    summary = {"size": [8, 8], "num_predicted": 1, "milliseconds_a_frame": 1.0, "means": means}
    for clip in ("box", "face"):
        folder = tmp_path / clip / "plain" / clip
        folder.mkdir(parents=True)
        (folder / "summary.json").write_text(json.dumps(summary))
        text = gather("predict", tmp_path / clip, f"--results={tmp_path / 'results'}")
    (row,) = json.loads((tmp_path / "results" / "predict" / "results.json").read_text())
    assert row["prediction"] == "plain/face"
    assert f"Written by `python -m experiments.report --table=predict --runs={tmp_path}" in text


def test_runs_of_one_length_and_seed_are_found(tmp_path):
    for name, length, seed in (("b", 40, 0), ("a", 40, 0), ("longer", 80, 0), ("seed", 40, 1)):
        made_run(tmp_path / name, 0.1, seed=seed, **{"train.num_sequences": length})

    def names(*asked):
        return [path.parent.name for path in found(Evaluations(), tmp_path, *asked)]

    assert names(40, 0) == ["a", "b"]
    assert names(40, 1) == ["seed"]
    assert names(80, None) == ["longer"]
    assert names(None, None) == ["a", "b", "longer", "seed"]
    with pytest.raises(
        UserError,
        match=r"no \*/eval_test\.json below it of a run with train\.num_sequences=10 and seed=0",
    ):
        names(10, 0)
    with pytest.raises(UserError, match=r"no \*\*/summary\.json below it"):
        found(Predictions(), tmp_path, None, None)


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--table=table2"], "--runs: required with --table"),
        (["--table=benchmark", "--runs=x"], "--table"),
        (["--runs=x"], "--runs: is for gathering a --table"),
        (["--command=x"], "--command: is for gathering a --table"),
        (["--seed=0"], "--seed: is for gathering a --table"),
        (["--table=table2", "--runs=nowhere"], "nowhere: no */eval_test.json below it"),
    ],
)
def test_flags_that_go_together(flags, message):
    code, _, errors = run("report.__main__", *flags)
    assert (code, errors.count("\n")) == (2, 1)
    assert message in errors


@pytest.mark.parametrize("name", GATHERED)
def test_tables_have_a_row_maker(name):
    assert type(TABLES[name].rows) in ROW_MAKERS
