"""Configurations of every format that runs were written in, as the history of the fields shows."""

import json
from pathlib import Path

import pytest

from data.registry import DATA_SETS
from experiments.configs import default, formats
from experiments.configs.config import differences, read_json, resolve, to_json
from experiments.configs.default import DEFAULTS
from experiments.configs.fields import flatten
from experiments.configs.formats import MOVED
from experiments.console.errors import UserError
from experiments.run import build
from experiments.run.summary import module_table
from vstm.inference.predictor import find_model

# A run's `config.json` of the first version, resolved.
FIRST = {
    "variant": "conv-1enc-1LSTM",
    "loss": "bce",
    "tau": 10,
    "seed": 3,
    "smoothness.delta": 1e-3,
    "smoothness.weight": 1e-2,
    "data.seed": 0,
    "data.digits": "embedded",
    "data.directory": "",
    "data.tfds_name": "mnist",
    "data.pixels": "binary",
    "data.lines": False,
    "data.num_digits": 2,
    "data.image_size": 64,
    "data.sequence_length": 20,
    "data.step": 0.1,
    "data.speed": "constant",
    "data.num_train": 10_000,
    "data.num_validation": 3_000,
    "data.num_test": 3_000,
    "data.published_test_set": "",
    "optimizer.name": "adam",
    "optimizer.learning_rate": 2e-3,
    "optimizer.schedule": "cosine",
    "optimizer.clip_global_norm": 1.0,
    "optimizer.flow_head_rate": 0.1,
    "optimizer.clip_elements": 0.0,
    "train.batch_size": 8,
    "train.num_sequences": 2_000,
    "train.log_every_steps": 10,
    "train.image_every_steps": 100,
    "train.validate_every_steps": 100,
    "train.checkpoint_every_steps": 50,
    "train.keep_checkpoints": 2,
    "evaluation.batch_size": 32,
    "evaluation.num_while_training": 256,
    "evaluation.num_validation": 1_000,
    "evaluation.num_test": 3_000,
}
# Fields in the order in which they came: (a value that runs then had, what runs before them did).
LATER = [
    {"optimizer.memory_rate": (0.3, 1.0)},
    {"data.published_test_set": (None, None)},  # went
    {"convolution": ("auto", "direct"), "segment": (5, 0)},
    {
        "data.name": ("moving_mnist", "moving_mnist"),
        "residual": (False, False),
        "normalise_contrast": (False, False),
        "flow_head.recurrent": (False, False),
        "flow_head.sparsity_weight": (3e-4, 0.0),
        "video.directory": ("", ""),
        "video.division": (1, 1),
        "video.window_stride": (1, 1),
        "video.random_crops": (True, True),
        "video.max_pan": (0.0, 0.0),
        "video.random_flips": (True, True),
        "video.random_reversals": (False, False),
    },
    {"train.initial_model": ("runs/x", "")},
    {"train.num_targets": (1, 1)},
    {"memory.width": (2.0, 1.0), "memory.kernel_size": (5, 7)},
    {"memory.initial_range": (0.02, 0.08)},
    {"flow_head.returning_gradient": (True, False)},
    {"flow_head.photometric_weight": (3.0, 0.0)},
    {"flow_head.photometric_share": (0.5, 0.0)},
    {"recipe": ("fast", ""), "precision": ("float32", "bfloat16")},
    {
        "video.still_share": (0.15, 1.0),
        "video.min_scale": (1.5, 1.0),
        "video.max_scale": (2.0, 0.0),
        "video.pan_share": (0.7, 1.0),
        "video.random_contrast": (True, False),
        "flow_loss.photometric_penalty": ("charbonnier", "squared"),
        "flow_loss.edge_aware_weight": (0.05, 0.0),
        "optimizer.decoder_rate": (0.1, 1.0),
        "train.relative_loss": (True, False),
    },
    {
        "unroll": (10, 1),
        "train.keep_best_checkpoints": (2, 0),
        "train.parts": (2, 1),
        "train.shard_optimizer": (True, False),
        "train.updates_per_call": (20, 1),
        "train.max_skipped": (10, 1),
        "train.frames_ahead": (10, 1),
    },
    {"train.frames_on_device": (True, False)},
    {"flow_loss.exclude_occluded": (True, False)},
]


MODEL_OF_FORMAT_2 = (
    "model.encoder_features",
    "model.memory",
    "model.memory_features",
    "model.memory_kernel_size",
    "model.memory_initial_range",
    "model.pointwise_flow",
    "model.recurrent_flow",
    "model.returning_gradient",
    "model.residual",
    "model.normalise_contrast",
    "model.output",
    "model.frame_size",
)
"""Fields that describe a model since format 2; later ones have a line in `formats.ADDED`."""


def nested(fields):
    content = {}
    for path, value in fields.items():
        *parents, name = path.split(".")
        level = content
        for parent in parents:
            level = level.setdefault(parent, {})
        level[name] = value
    return content


def sections_of(paths):
    return {path.partition(".")[0] for path in paths}


def later_data_sets(known):
    """Fields of the data sets that are in none of the known sections."""
    return {path for path in DEFAULTS if path.partition(".")[0] in DATA_SETS.keys() - known}


@pytest.mark.parametrize("age", range(len(LATER) + 1))
def test_runs_of_every_age_are_read_as_what_they_did(age, tmp_path):
    fields = dict(FIRST)
    for came in LATER[:age]:
        fields |= {path: value for path, (value, _) in came.items()}
    fields = {path: value for path, value in fields.items() if value is not None}
    path = tmp_path / "config.json"
    path.write_text(json.dumps(nested(fields)))

    expected = {path: value for path, value in fields.items() if path != "data.published_test_set"}
    for later in LATER[age:]:
        expected |= {path: before for path, (_, before) in later.items() if before is not None}
    width, fixed = (
        expected["memory.width"],
        {
            "model.encoder_features": (32,),
            "model.memory": "conv",
            "model.pointwise_flow": True,
            "model.tracking": False,  # these came with format 3
            "model.softening": False,
            "model.decoder_memory": False,
            "model.flow_enlargement": "nearest",
            "model.output": "logit",
            "model.frame_size": (64, 64),
        },
    )
    expected = {MOVED.get(path, path): value for path, value in expected.items()} | fixed
    expected["model.memory_features"] = {1.0: (45,), 2.0: (90,)}[width]
    later = later_data_sets(sections_of(expected))
    assert flatten(read_json(path)) == expected | {path: DEFAULTS[path] for path in later}


def test_every_field_has_its_place_in_the_history():
    """Fails for a new field that has no line in `formats.ADDED`; whole new data sets need none."""
    added = {path for fields in formats.ADDED.values() for path in fields}
    known = {MOVED.get(path, path) for path in FIRST.keys() | added} - {"data.published_test_set"}
    later = later_data_sets(sections_of(known))
    assert flatten(default.get_config()).keys() == known | set(MODEL_OF_FORMAT_2) | later


def test_a_file_of_format_2_stays_readable():
    path = Path(__file__).parent / "format2.json"
    written = flatten(json.loads(path.read_text()))
    assert written.pop("format") == 2
    read = flatten(read_json(path))
    for name, value in written.items():
        assert read[name] == (tuple(value) if isinstance(value, list) else value), name


def test_written_configurations_have_the_present_format(tmp_path):
    config = resolve(default.get_config())
    path = tmp_path / "config.json"
    path.write_text(to_json(config))
    assert json.loads(path.read_text())["format"] == formats.FORMAT
    assert differences(config, read_json(path)) == {}


@pytest.mark.parametrize("number", [formats.FORMAT + 1, -1, "1", True, None])
def test_unknown_formats_are_named(number, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(nested(FIRST) | {"format": number}))
    with pytest.raises(UserError, match=r"config\.json: format .*newer version of this program"):
        read_json(path)


def test_files_of_the_present_format_lack_nothing(tmp_path):
    content = json.loads(to_json(resolve(default.get_config())))
    del content["model"]["memory_features"]
    path = tmp_path / "config.json"
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"config\.model\.memory_features: missing"):
        read_json(path)


@pytest.mark.parametrize("name, encoder", [("conv-1enc-1LSTM", 3_168), ("conv-2enc-1LSTM", 26_704)])
def test_the_models_that_come_with_the_project_are_readable(name, encoder):
    """Their encoders see two channels: the frame, and what its motion leaves unexplained."""
    config = read_json(find_model(name) / "config.json")
    assert config.flow_loss.photometric_share == 0
    table = module_table(build.make_model(config), config.tau, build.CHANNELS)
    assert f"{encoder:,}" in table or str(encoder) in table
