import json

import pytest
from small_run import SMALL

from data.registry import DATA_SETS
from experiments.configs import default
from experiments.configs.config import resolve
from experiments.configs.fields import flatten
from experiments.configs.moving_mnist import get_config
from experiments.measure import paper
from experiments.measure.paper import paper_reference
from experiments.training.experiment import train_and_evaluate
from vstm import variants
from vstm.inference.model_file import load_model
from vstm.modules.model_config import ModelConfig

COMPARED_BY_THEMSELVES = (
    "variant",
    "loss",
    "model.",  # with the variant
    "moving_mnist.pixels",
    "moving_mnist.digits",
    "moving_mnist.directory",
    "moving_mnist.tfds_name",
)

RECIPE = (
    "recipe",
    "seed",
    "moving_mnist.seed",
    *(f"{name}." for name in DATA_SETS if name != "moving_mnist"),  # not read
    "convolution",
    "precision",
    "segment",
    "flow_loss.",
    "optimizer.",
    "train.batch_size",
    "train.num_sequences",
    "train.num_targets",
    "train.frames_ahead",
    "train.relative_loss",
    "train.log_every_steps",
    "train.image_every_steps",
    "train.validate_every_steps",
    "train.checkpoint_every_steps",
    "train.keep_checkpoints",
    "train.keep_best_checkpoints",
    "train.parts",
    "train.shard_optimizer",
    "train.updates_per_call",
    "train.frames_on_device",
    "train.max_skipped",
    "unroll",
    "evaluation.",
)
"""Fields, and beginnings of fields, of how a model is trained and scored: may be others."""


def reference(specification="conv-1enc-1LSTM", **changes):
    config = resolve(get_config(specification))
    config.update_from_flattened_dict(changes)
    return paper_reference(config)


@pytest.mark.parametrize("recipe", ["fast", "quick", "gpu", "paper"])
def test_any_recipe_of_the_papers_experiments_has_its_score(recipe):
    assert reference(f"conv-1enc-1LSTM:{recipe}") == {"cross_entropy": 0.12827}
    changes = {
        "seed": 3,
        "optimizer.name": "adam",
        "train.num_sequences": 7,
        "flow_loss.smoothness_weight": 1,
    }
    assert reference(f"fc-2enc-1LSTM:{recipe}", **changes) == {"cross_entropy": 0.15648}
    real = {"loss": "sum", "moving_mnist.pixels": "float"}
    assert reference(f"conv-1enc-2LSTM:{recipe}", **real) == {"mean_squared_error": 0.02964}


@pytest.mark.parametrize(
    "path, value",
    [
        ("model.memory_features", (90,)),
        ("model.memory_kernel_size", 3),
        ("model.recurrent_flow", True),
        ("model.residual", True),
        ("model.normalise_contrast", True),
        ("train.initial_model", "runs/x"),
        ("tau", 9),
        ("moving_mnist.step", 0.01),
        ("moving_mnist.speed", "drawn"),
        ("moving_mnist.lines", True),
        ("moving_mnist.num_digits", 3),
        ("data.image_size", 96),
        ("data.sequence_length", 30),
        ("data.num_train", 100),
        ("moving_mnist.pixels", "float"),
        ("moving_mnist.digits", "idx"),
        ("data.name", "video"),
        ("loss", "sum"),
    ],
)
def test_experiments_unlike_the_papers_have_none(path, value):
    assert reference(**{path: value}) is None


def test_digits_of_tfds_count_by_their_name():
    assert reference(**{"moving_mnist.digits": "tfds"}) == {"cross_entropy": 0.12827}
    assert (
        reference(**{"moving_mnist.digits": "tfds", "moving_mnist.tfds_name": "fashion_mnist"})
        is None
    )


def test_a_new_variant_has_none(monkeypatch):
    config = resolve(get_config())
    monkeypatch.setitem(variants.VARIANTS, "new", variants.VARIANTS[config.variant])
    config.variant = "new"
    assert paper_reference(config) is None


def test_a_new_variant_is_trained_and_evaluated(monkeypatch, tmp_path):
    config = get_config()
    network = ModelConfig((2, 3, 4), "conv", (5,), pointwise_flow=False)
    monkeypatch.setitem(variants.VARIANTS, "conv-3enc-1LSTM", network)
    config.variant = "conv-3enc-1LSTM"
    task = {path: value for path, value in SMALL.items() if not path.startswith("model.")}
    config.update_from_flattened_dict(task | {"data.image_size": 32, "train.num_sequences": 4})
    train_and_evaluate(config, tmp_path)
    trained, _ = load_model(tmp_path)
    assert (trained.encoder_features, trained.memory_features) == ((2, 3, 4), (5,))
    result = json.loads((tmp_path / "eval_test.json").read_text())
    assert (result["variant"], result["paper"]) == ("conv-3enc-1LSTM", None)
    assert result["model"]["cross_entropy"] > 0


def test_every_field_is_compared_or_may_differ():
    compared = (*paper.TASK, *COMPARED_BY_THEMSELVES)
    for path in flatten(default.get_config()):
        assert path.startswith(compared) != path.startswith(RECIPE), path
