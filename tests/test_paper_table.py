import json

import pytest
from small_run import small_config

from experiments.config import resolve, to_json
from experiments.errors import UserError
from experiments.learning_curves import plot_curves, read_curve
from experiments.paper_table import TABLES, curves, read_floors, rows


def made_run(folder, score, paper, flow=None, **changes):
    folder.mkdir()
    (folder / "config.json").write_text(to_json(resolve(small_config(**changes))))
    evaluation = {
        "sequences_trained": 200,
        "model": {"cross_entropy": score, "mean_squared_error": score},
        "paper": paper,
    }
    (folder / "eval_test.json").write_text(json.dumps(evaluation))
    if flow is not None:
        names = ("endpoint_error", "angular_error", "within_1px", "motion_iou", "motion_ari")
        (folder / "flow_test.json").write_text(json.dumps({"model": dict.fromkeys(names, flow)}))
    lines = [
        {"step": 10, "train/loss": 5.0},
        {"step": 20, "validation/cross_entropy": 0.5},
        {"step": 40, "validation/cross_entropy": 0.4},
        {"step": 30, "validation/cross_entropy": 0.45},
        {"step": 40, "validation/cross_entropy": 0.3},
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture
def runs(tmp_path):
    made_run(tmp_path / "x", 0.06, {"cross_entropy": 0.12}, flow=0.7, loss="bce", seed=1)
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
    }
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
