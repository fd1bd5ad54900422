import json

import pytest
from made_runs import made_run
from small_run import SMALL

from experiments.configs.default import DEFAULTS
from experiments.configs.recipes import OPEN_FIELDS
from experiments.console.errors import UserError
from experiments.report import evaluations
from experiments.report.evaluations import read_floors
from experiments.report.table import Evaluations
from experiments.report.tables import TABLES

TABLE2, TABLE3 = TABLES["table2"].rows, TABLES["table3"].rows


def rows(runs, source=Evaluations()):  # noqa: B008  # frozen
    return evaluations.rows(source, runs, sorted(runs.glob(source.files)))


def test_rows_have_the_fields_that_differ_from_their_defaults_and_all_scores(tmp_path):
    made_run(tmp_path / "b", 0.2, **{"optimizer.learning_rate": 0.25})
    made_run(tmp_path / "a", 0.1, variant="conv-1enc-2LSTM", **{"optimizer.learning_rate": 0.5})
    path = tmp_path / "a" / "eval_test.json"
    evaluation = json.loads(path.read_text())
    evaluation["model"]["sharpness"] = 0.75  # a metric that came later
    path.write_text(json.dumps(evaluation))
    first, second = rows(tmp_path)
    assert list(first)[:4] == ["run", "settings", "seed", "sequences"]
    assert (first["run"], second["run"]) == ("a", "b")
    small = {path: value for path, value in SMALL.items() if not path.startswith("model.")}
    asked = small | {"optimizer.learning_rate": 0.5, "variant": "conv-1enc-2LSTM"}
    del asked["train.num_sequences"]
    assert asked.items() <= first["settings"].items()
    assert first["settings"]["train.num_targets"] == 2  # tau
    told_otherwise = {"seed", "recipe", "precision", "train.num_sequences"}
    assert not told_otherwise & first["settings"].keys()
    assert "variant" not in second["settings"]  # the default one
    followed = {"model.frame_size", "model.encoder_features", "moving_mnist.pixels"}
    assert not followed & (first["settings"] | second["settings"]).keys()
    assert (second["cross_entropy"], second["copy_last_cross_entropy"]) == (0.2, 0.5)
    assert (first["sharpness"], "sharpness" in second) == (0.75, False)


def test_rows_of_table_2_stand_beside_the_paper(tmp_path):
    made_run(tmp_path / "x", 0.06, paper={"cross_entropy": 0.12}, flow=0.7, trained_by="card")
    made_run(tmp_path / "y", 0.07, seed=1)
    (tmp_path / "unfinished").mkdir()
    first, second = rows(tmp_path, TABLE2)
    assert second["settings"].pop("tau") == 2  # and the rest of what makes the run small
    assert second.pop("settings").keys() <= SMALL.keys() | {"train.num_targets"}
    assert second == {
        "variant": "conv-1enc-1LSTM",
        "seed": 1,
        "sequences": 200,
        "test_cross_entropy": 0.07,
        "paper": None,
        "ratio": None,
        "device": None,
        "commit": None,
    }
    assert (first["device"], first["commit"]) == ("card", "abc")
    assert (first["seed"], first["paper"], first["ratio"]) == (0, 0.12, 0.5)
    assert first["motion_iou"] == 0.7


BY_RECIPE = {path: None if path in OPEN_FIELDS else DEFAULTS[path] for path in SMALL}
LOSSES = {"flow_loss.photometric_weight": 3.0, "flow_loss.sparsity_weight": 1e-3}
NETWORK = {"model.memory_initial_range": 0.02, "model.returning_gradient": True}
SCHEDULE = {"optimizer.schedule": "trapezoid", "flow_loss.photometric_share": 0.125}


@pytest.mark.parametrize(
    "changes, settings",
    [
        ({}, {}),
        ({"train.num_sequences": 40_000, "seed": 3, "train.updates_per_call": 5}, {}),
        ({"loss": "sum", "variant": "fc-2enc-1LSTM"}, {}),
        (SCHEDULE, SCHEDULE),
        ({"recipe": "paper"}, {"recipe": "paper"}),
        (LOSSES | NETWORK | {"recipe": ""}, {}),
    ],
    ids=["recipe", "length", "loss", "schedule", "paper", "before recipes"],
)
def test_compared_rows_tell_what_their_recipe_does_not_set(tmp_path, changes, settings):
    made_run(tmp_path / "x", 0.06, **BY_RECIPE | changes)
    assert rows(tmp_path, TABLE2)[0]["settings"] == settings


def test_another_network_does_not_pass_as_its_variant(tmp_path):
    changes = {"model.memory_features": (2,), "model.memory_initial_range": 0.5}
    made_run(tmp_path / "narrow", 0.06, **changes)
    with pytest.raises(UserError) as caught:
        rows(tmp_path, TABLE2)
    message = f"{tmp_path / 'narrow'}: model.memory_features=[2]: another network than conv-1enc-"
    assert str(caught.value).startswith(message)
    assert "model.memory_features" in rows(tmp_path)[0]["settings"]


def test_rows_of_table_3_go_by_loss(tmp_path):
    made_run(tmp_path / "a", 0.02, paper={"mean_squared_error": 0.04}, loss="sum")
    made_run(tmp_path / "b", 0.03, paper={"mean_squared_error": 0.04}, loss="gradient")
    table = rows(tmp_path, TABLE3)
    assert [(row["loss"], row["test_l2"], row["ratio"]) for row in table] == [
        ("sum", 0.02, 0.5),
        ("gradient", 0.03, 0.75),
    ]


def test_floor_of_the_runs_encoder_is_a_column(tmp_path):
    made_run(tmp_path / "x", 0.06)
    made_run(tmp_path / "y", 0.07, variant="conv-2enc-1LSTM", **{"data.image_size": 32})
    folder = tmp_path / "floors"
    folder.mkdir()
    for encoder, score in (("1enc", 0.01), ("2enc", 0.04)):
        entry = {"encoder": encoder, "test_cross_entropy": score}
        (folder / f"{encoder}.json").write_text(json.dumps(entry))
    assert [row["floor"] for row in rows(tmp_path, TABLE2)] == [0.01, 0.04]
    made_run(tmp_path / "z", 0.06, **{"model.encoder_features": (8,)})
    assert [row["floor"] for row in rows(tmp_path)] == [0.01, 0.04, None]
    (folder / "2enc.json").write_text("{}")
    with pytest.raises(UserError, match=r"2enc.json: not a floor"):
        read_floors(folder)


SET = {"model.memory_features": (2,), "model.memory_initial_range": 0.08}
BEFORE = {"recipe": "", "model.returning_gradient": True}
VIDEO = {"data.name": "video", "loss": "sum", "data.image_size": 16, "video.directory": "x"}
ENCODER = {"variant": "conv-2enc-1LSTM", "model.encoder_features": (8,), "data.image_size": 30}


@pytest.mark.parametrize(
    "changes, network, others",
    [
        ({}, {}, LOSSES),
        (SET, SET | {"model.memory_features": [2]}, LOSSES),
        (BEFORE, {"model.returning_gradient": True}, {}),
        # The defaults of the network and of the digits don't go with these.
        (VIDEO, {}, VIDEO | {"video.max_pan": 3.0, "optimizer.learning_rate": 1.5e-3}),
        (ENCODER, {"model.encoder_features": [8]}, LOSSES | {"data.image_size": 30}),
    ],
    ids=["recipe", "set", "before", "video", "encoder"],
)
def test_settings_tell_of_the_network_what_variant_and_recipe_do_not(
    tmp_path, changes, network, others
):
    made_run(tmp_path / "x", 0.1, **changes)
    settings = rows(tmp_path)[0]["settings"]
    assert {path: v for path, v in settings.items() if path.startswith("model.")} == network
    assert others.items() <= settings.items()


@pytest.mark.parametrize("content", ["{", "{}", "[]", '{"sequences_trained": 1, "model": 3}'])
@pytest.mark.parametrize("source", [Evaluations(), TABLE2], ids=["all", "table2"])
def test_damaged_evaluations_are_named(tmp_path, content, source):
    made_run(tmp_path / "a", 0.1)
    (tmp_path / "a" / "eval_test.json").write_text(content)
    with pytest.raises(UserError, match=r"a/eval_test\.json: not an evaluation"):
        rows(tmp_path, source)
