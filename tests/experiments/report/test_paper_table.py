import json

import pytest
from small_run import run, small_config

from experiments.configs.config import resolve, to_json
from experiments.console.errors import UserError
from experiments.report.learning_curves import plot_curves, read_curve
from experiments.report.paper_table import curves, read_floors, rows
from experiments.report.tables import TABLES


def made_run(folder, score, paper, flow=None, **changes):
    folder.mkdir()
    (folder / "config.json").write_text(to_json(resolve(small_config(**changes))))
    evaluation = {
        "sequences_trained": 200,
        "model": dict.fromkeys(("cross_entropy", "mean_squared_error", "ssim", "psnr"), score),
        "copy_last": {"cross_entropy": 0.5, "mean_squared_error": 0.5},
        "paper": paper,
        "device": "of the evaluation",
    }
    (folder / "eval_test.json").write_text(json.dumps(evaluation))
    if flow is not None:
        names = ("endpoint_error", "angular_error", "within_1px", "motion_iou", "motion_ari")
        (folder / "flow_test.json").write_text(json.dumps({"model": dict.fromkeys(names, flow)}))
    lines = [
        {"step": 10, "train/cross_entropy": 5.0},
        {"step": 20, "validation/cross_entropy": 0.5},
        {"step": 40, "validation/cross_entropy": 0.4},
        {"step": 30, "validation/cross_entropy": 0.45},
        {"step": 40, "validation/cross_entropy": 0.3},
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture
def runs(tmp_path):
    made_run(tmp_path / "x", 0.06, {"cross_entropy": 0.12}, flow=0.7, loss="bce", seed=1)
    entries = [{"step": 0, "device": "card", "commit": "abc"}]
    (tmp_path / "x" / "environment.json").write_text(json.dumps(entries))
    made_run(tmp_path / "y", 0.07, None, loss="bce")
    (tmp_path / "unfinished").mkdir()
    return tmp_path


def test_rows_of_table_2_are_sorted_and_stand_beside_the_paper(runs):
    first, second = rows(runs, TABLES["2"], {})
    assert first == {
        "variant": "conv-1enc-1LSTM",
        "seed": 0,
        "sequences": 200,
        "test_cross_entropy": 0.07,
        "paper": None,
        "ratio": None,
        "device": None,
        "commit": None,
    }
    assert (second["device"], second["commit"]) == ("card", "abc")
    assert (second["seed"], second["paper"], second["ratio"]) == (1, 0.12, 0.5)
    assert second["motion_iou"] == 0.7


def test_rows_of_table_3_go_by_loss(tmp_path):
    made_run(tmp_path / "a", 0.02, {"mean_squared_error": 0.04}, loss="sum")
    made_run(tmp_path / "b", 0.03, {"mean_squared_error": 0.04}, loss="gradient")
    table = rows(tmp_path, TABLES["3"], {})
    assert [(row["loss"], row["test_l2"], row["ratio"]) for row in table] == [
        ("gradient", 0.03, 0.75),
        ("sum", 0.02, 0.5),
    ]


def test_curves_keep_the_later_of_two_entries(runs):
    curve = read_curve(runs / "x", "validation/cross_entropy")
    assert (curve.batch_size, curve.updates) == (2, [20, 30, 40])
    assert curve.values == [0.5, 0.45, 0.3]
    plot_curves(curves(runs, TABLES["2"]), "cross-entropy", runs / "curves.png")
    assert (runs / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_damaged_and_missing_runs_are_named(runs, tmp_path):
    (runs / "y" / "eval_test.json").write_text("{}")
    with pytest.raises(UserError, match=r"eval_test.json: not an evaluation"):
        rows(runs, TABLES["2"], {})
    with pytest.raises(UserError, match="no run with an evaluation of test"):
        rows(tmp_path / "unfinished", TABLES["2"], {})
    (runs / "x" / "metrics.jsonl").write_text("{")
    with pytest.raises(UserError, match=r"metrics.jsonl: not the metrics of a run"):
        read_curve(runs / "x", "validation/cross_entropy")


@pytest.mark.parametrize(
    "program, flags",
    [
        ("paper_table", ["--table=2"]),
        ("figure6", ["--sequences=200"]),
        ("tabulate", ["--split=test"]),
    ],
)
def test_results_gathered_from_two_places_are_those_of_both(tmp_path, program, flags):
    output = tmp_path / "results"
    for name, variant in (("x", "conv-1enc-1LSTM"), ("y", "conv-2enc-1LSTM")):
        (tmp_path / name).mkdir()
        made_run(tmp_path / name / name, 0.06, None, variant=variant, **{"data.image_size": 32})
        place = [f"--runs={tmp_path / name}", f"--output={output}"]
        code, _, errors = run(program, *flags, *place)
        assert code == 0, errors
    table = json.loads((output / "results.json").read_text())
    assert [row.get("variant", row.get("run")) for row in table] in (
        ["x", "y"],
        ["conv-1enc-1LSTM", "conv-2enc-1LSTM"],
    )
    if program != "tabulate":
        curves = json.loads((output / "curves.json").read_text())
        assert [curve["label"] for curve in curves] == ["x", "y"]


def test_floor_of_the_runs_encoder_is_a_column(runs, tmp_path):
    folder = tmp_path / "floors"
    folder.mkdir()
    for encoder, score in (("1enc", 0.01), ("2enc", 0.04)):
        entry = {"encoder": encoder, "test_cross_entropy": score}
        (folder / f"{encoder}.json").write_text(json.dumps(entry))
    table = rows(runs, TABLES["2"], read_floors(folder))
    assert [row["floor"] for row in table] == [0.01, 0.01]
    (folder / "2enc.json").write_text("{}")
    with pytest.raises(UserError, match=r"2enc.json: not a floor"):
        read_floors(folder)
