import json
import shutil

import pytest
from small_run import SMALL, small_config

from experiments.configs.config import resolve, to_json
from experiments.console.errors import UserError
from experiments.report.evaluations import rows


@pytest.fixture
def runs(tmp_path):
    """Two finished runs and one that is not evaluated yet."""
    for name, rate, score in (("b", 0.25, 0.2), ("a", 0.5, 0.1), ("c", 1.0, None)):
        folder = tmp_path / name
        folder.mkdir()
        config = resolve(small_config(**{"optimizer.learning_rate": rate}))
        (folder / "config.json").write_text(to_json(config))
        scores = {"cross_entropy": score, "mean_squared_error": 0.3, "ssim": 0.5, "psnr": 9.0}
        if score is not None:
            evaluation = {"sequences_trained": 120, "device": "cpu"}
            evaluation |= {"model": scores, "copy_last": scores}
            (folder / "eval_validation.json").write_text(json.dumps(evaluation))
    return tmp_path


def test_rows_have_the_fields_that_differ_from_their_defaults_and_the_scores(runs):
    first, second = rows(runs, "validation")
    assert list(first)[:4] == ["run", "settings", "seed", "sequences"]
    settings = SMALL | {"optimizer.learning_rate": 0.5, "flow_loss.sparsity_weight": 1e-3}
    settings |= {"train.num_targets": 2, "flow_loss.photometric_weight": 3.0}  # tau; the recipe
    del settings["train.num_sequences"]
    assert (first["run"], first["settings"]) == ("a", settings)
    assert (second["run"], second["cross_entropy"]) == ("b", 0.2)


def test_damaged_evaluations_are_named(runs):
    (runs / "a" / "eval_validation.json").write_text("{}")
    with pytest.raises(UserError, match=r"a/eval_validation\.json: not an evaluation"):
        rows(runs, "validation")


def test_folder_without_evaluations_is_named(runs):
    shutil.rmtree(runs / "a")
    shutil.rmtree(runs / "b")
    with pytest.raises(UserError, match="no run with an evaluation of validation"):
        rows(runs, "validation")
