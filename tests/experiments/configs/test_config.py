import ast
import dataclasses
import re
from pathlib import Path

import pytest

from experiments.configs import config as configuration
from experiments.configs import default
from experiments.console.errors import UserError
from experiments.run import build

EXPERIMENTS = Path(configuration.__file__).parents[1]


def changed(path, value):
    fields = default.get_config().to_dict()
    *parents, name = path.split(".")
    level = fields
    for parent in parents:
        level = level.setdefault(parent, {})
    level[name] = value
    return configuration.Config(fields)


def attributes(package):
    """Dotted names of attributes that a package's code reads."""
    for path in (EXPERIMENTS.parent / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                yield ast.unparse(node)


def test_every_field_is_read_somewhere():
    read = {name.removeprefix("config.") for name in attributes("experiments")}
    unread = set(default.FIELDS) - read
    assert not unread


@pytest.mark.parametrize("section", default.SECTIONS)
def test_every_field_of_a_part_is_read_by_it(section):
    package = "vstm" if section == "model" else "data"
    read = {name.rpartition(".")[2] for name in attributes(package)}
    unread = {field.name for field in dataclasses.fields(default.SECTIONS[section])} - read
    assert not unread


def test_photometric_weight_falls_to_zero_in_its_share_of_the_run_or_stays():
    config = changed("flow_loss.photometric_weight", 3.0)
    config.train.num_sequences, config.train.batch_size = 400, 4
    falling = build.photometric_weight(configuration.resolve(config))
    assert [float(falling(step)) for step in (0, 25, 50, 99)] == [3.0, 1.5, 0.0, 0.0]
    config.flow_loss.photometric_share = 0.0
    assert build.photometric_weight(configuration.resolve(config)) == 3.0


@pytest.mark.parametrize("loss, pixels", [("bce", "binary"), ("sum", "float")])
def test_auto_pixels_follow_the_loss(loss, pixels):
    assert configuration.resolve(changed("loss", loss)).moving_mnist.pixels == pixels


@pytest.mark.parametrize("tau, num_targets", [(1, 1), (5, 5), (8, 8), (12, 8)])
def test_targets_are_eight_or_as_many_as_the_frames_fed_in(tau, num_targets):
    assert configuration.resolve(changed("tau", tau)).train.num_targets == num_targets


def test_given_targets_stay():
    assert configuration.resolve(changed("train.num_targets", 10)).train.num_targets == 10


def test_given_pixels_stay():
    assert (
        configuration.resolve(changed("moving_mnist.pixels", "float")).moving_mnist.pixels
        == "float"
    )


@pytest.mark.parametrize(
    "path, value, message",
    [
        ("loss", "summ", r"config.loss='summ': did you mean 'sum'\?"),
        ("variant", "conv", "config.variant='conv': did you mean 'conv-"),
        (
            "moving_mnist.digits",
            "embeded",
            "digits: expected one of embedded, idx, tfds, got 'embeded'",
        ),
        (
            "moving_mnist.speed",
            "constnat",
            "speed: expected one of constant, drawn, got 'constnat'",
        ),
        ("optimizer.name", "adm", "did you mean 'adam'"),
        ("tau", 20, "config.tau=20: tau [+] 1 frames are needed"),
        ("tau", 0, "config.tau=0: expected at least 1"),
        ("tau", "ten", "config.tau: expected int, got 'ten'"),
        (
            "moving_mnist.lines",
            1,
            r"config.moving_mnist.lines: expected bool \(True or False\), got 1",
        ),
        (
            "moving_mnist.lines",
            "yes",
            r"config.moving_mnist.lines: expected bool \(True or False\), got 'yes'",
        ),
        ("moving_mnist.directory", 3, "config.moving_mnist.directory: expected str, got 3"),
        ("video.directory", None, "config.video.directory: expected str, got None"),
        (
            "flow_loss.smoothness_weight",
            10**400,
            "config.flow_loss.smoothness_weight=10+: expected a finite number",
        ),
        ("train.num_targets", 20, "config.train.num_targets=20: expected at most config.tau=10"),
        ("train.frames_ahead", 11, "config.train.frames_ahead=11: tau .* 11 frames are needed"),
        ("train.num_targets", -1, "config.train.num_targets=-1: expected at least 0"),
        ("tau", -3, "config.tau=-3: expected at least 1"),
        ("data.image_size", 10**6, "config.data.image_size: expected 1 to 4096, got 1000000"),
        ("data.sequence_length", 10**9, "sequence_length: expected 2 to 10000, got 1000000000"),
        ("train.batch_size", 10**9, "config.train.batch_size=1000000000: expected at most 65536"),
        ("train.num_sequences", 10**12, "num_sequences=1000000000000: expected at most 2147483647"),
        (
            "model.memory_features",
            (10**9,),
            r"memory_features=\(1000000000,\): expected 1 to 8 layers",
        ),
        (
            "model.memory_features",
            (2.5,),
            r"memory_features: expected tuple of int, .* got \(2.5,\)",
        ),
        ("model.memory_features", (True,), "memory_features: expected tuple of int"),
        ("model.output", "intensity", "config.model.output='intensity': expected 'logit', which"),
        (
            "model.frame_size",
            (32, 32),
            r"frame_size=\(32, 32\): expected \(64, 64\), that of config",
        ),
        ("memory.width", 2.0, "config.memory.width: is config.model.memory_features now"),
        ("model.memory_kernel_size", 10**9 + 1, "kernel_size=1000000001: expected an odd number"),
        ("recipe", "slow", "config.recipe='slow': did you mean"),
        ("moving_mnist.num_digits", True, "config.moving_mnist.num_digits: expected int, got True"),
        ("data.image_size", 63, r"divisible by 2, .*\(from config.data.image_size=63\)"),
        ("data.image_size", 28, "config.data.image_size: expected at least 29, got 28"),
        ("moving_mnist.step", 0.6, "config.moving_mnist.step: expected 0 to 0.5, got 0.6"),
        ("moving_mnist.digits", "idx", "config.moving_mnist.directory: expected the folder"),
        ("moving_mnist.num_digits", 256, "config.moving_mnist.num_digits: expected 1 to 255"),
        ("seed", 2**32, "config.seed=4294967296: expected at most"),
        ("train.batch_size", 0, "config.train.batch_size=0: expected at least 1"),
        ("optimizer.learning_rate", 0.0, "learning_rate=0.0: expected a number above 0"),
        ("optimizer.learning_rate", float("nan"), "expected a number above 0"),
        ("flow_loss.smoothness_delta", float("inf"), "expected a finite number"),
        ("train.batchsize", 3, "has no field 'batchsize'; did you mean 'batch_size'"),
        (
            "model.memory_kernel_size",
            4,
            "config.model.memory_kernel_size=4: expected an odd number",
        ),
        ("trane", 3, "config has no field 'trane'; did you mean 'train'"),
        ("data.num_train", 2**63, "config.data.num_train: expected 1 to 2147483647"),
        ("data.image_size", 10**6, "config.data.image_size: expected 1 to 4096"),
        ("train.num_sequences", 10**400, "expected at most 2147483647"),
        ("train.log_every_steps", 10**400, "expected at most 2147483647"),
        ("train.batch_size", 10**12, "config.train.batch_size=10*: expected at most 65536"),
        ("flow_loss.sparsity_weight", 10**400, "expected a finite number"),
    ],
)
def test_bad_values_are_named(path, value, message):
    with pytest.raises(UserError, match=message):
        configuration.resolve(changed(path, value))


def test_a_batch_that_no_device_holds_is_named():
    config = changed("train.batch_size", 2**16)
    config.data.image_size, config.data.sequence_length = 1024, 100
    with pytest.raises(UserError, match="batch_size=65536: its frames take 25600 GiB"):
        configuration.resolve(config)


def test_missing_field_is_named():
    config = default.get_config()
    with config.unlocked():
        del config.moving_mnist["seed"]
    with pytest.raises(UserError, match=r"config.moving_mnist.seed: missing"):
        configuration.resolve(config)


def test_whole_numbers_serve_as_real_ones():
    assert (
        configuration.resolve(changed("flow_loss.smoothness_weight", 1)).flow_loss.smoothness_weight
        == 1
    )


def test_json_round_trip_and_differences(tmp_path):
    config = configuration.resolve(default.get_config())
    path = tmp_path / "config.json"
    path.write_text(configuration.to_json(config))
    assert configuration.differences(config, configuration.read_json(path)) == {}
    other = configuration.resolve(changed("moving_mnist.num_digits", 3))
    assert configuration.differences(config, other) == {"moving_mnist.num_digits": "2 / 3"}


@pytest.mark.parametrize(
    "content",
    [
        *("{", "[]", "3", "[" * 100_000, '{"tau": 10}', '{"tua": 10}', '{"data": 3}'),
        *('{"data.name": "video"}', '{"__class__": 3}', '{"_fields": {}}', '{"": {"": 1}}'),
        *(f'{{"tau": {"9" * 6_000}}}', '{"tau": NaN}', '{"a": ' * 500 + "1" + "}" * 500),
        *(b"\xff\xfe".decode("latin1"), '{"memory": {"width": 1e308}}'),
    ],
)
def test_damaged_json_is_named(content, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(content)
    with pytest.raises(UserError, match=re.escape(str(path))):
        configuration.read_json(path)
