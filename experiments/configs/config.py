"""Reading, checking and comparing configurations."""

import json
from pathlib import Path

from ml_collections import ConfigDict as Config

from data.moving_mnist.generator import MovingMNISTOptions
from experiments.configs import formats
from experiments.configs.checks import check_together
from experiments.configs.default import FIELDS, KINDS
from experiments.configs.fields import check_path, check_value, flatten
from experiments.configs.recipes import OPEN_FIELDS, with_recipe
from experiments.console.errors import UserError
from vstm.modules.model_config import ModelConfig

_MOST_TARGETS = 8  # that train.num_targets=0 stands for


def resolve(config: Config) -> Config:
    """A checked copy with nothing left to decide.

    Fields left open have what `recipe` sets for the variant and data in force; `auto` pixels and
    `train.num_targets` of 0 are replaced by what they stand for.

    Raises:
      UserError: a field that is unknown, missing, of another type or outside its range.
    """
    given = flatten(config)
    for path in given:
        check_path(path)
    for path in KINDS:
        if path not in given:
            raise UserError(f"config.{path}: missing")
        if given[path] is not None or path not in OPEN_FIELDS:
            check_value(path, given[path])
            if path in FIELDS:
                FIELDS[path].check(path, given[path])
    resolved = with_recipe(config)
    try:
        model_config(resolved.model)
    except ValueError as error:
        follows = str(error).startswith("frame_size") and given["model.frame_size"] is None
        size = f" (from config.data.image_size={resolved.data.image_size})" if follows else ""
        raise UserError(f"config.model.{error}{size}") from error
    if resolved.moving_mnist.pixels == "auto":
        resolved.moving_mnist.pixels = "binary" if resolved.model.output == "logit" else "float"
    if not resolved.train.num_targets:
        resolved.train.num_targets = min(_MOST_TARGETS, resolved.tau)
    if resolved.data.name == "moving_mnist":
        try:
            moving_mnist_options(resolved.moving_mnist, resolved.data)
        except ValueError as error:
            section = "data" if str(error).startswith(tuple(resolved.data)) else "moving_mnist"
            raise UserError(f"config.{section}.{error}") from error
    check_together(resolved)
    return resolved


def model_config(model: Config) -> ModelConfig:
    """The description of the network in section `model`, nothing of which is open.

    Raises:
      ValueError: a field outside its range; the message starts with its name.
    """
    return ModelConfig.from_fields(model.to_dict())


def moving_mnist_options(moving_mnist: Config, data: Config) -> MovingMNISTOptions:
    """The generator's options of the two sections, with `auto` replaced.

    Raises:
      ValueError: an option outside its range; the message starts with its name.
    """
    return MovingMNISTOptions(
        pixels=moving_mnist.pixels,
        lines=moving_mnist.lines,
        num_digits=moving_mnist.num_digits,
        image_size=data.image_size,
        sequence_length=data.sequence_length,
        step=moving_mnist.step,
        speed=moving_mnist.speed,
    )


def to_json(config: Config) -> str:
    """The configuration and its format as indented JSON, fields in alphabetic order."""
    content = config.to_dict() | {formats.FIELD: formats.FORMAT}
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


def read_json(path: Path) -> Config:
    """A resolved configuration that `to_json` wrote, of this version or an earlier one.

    Raises:
      UserError: no such file, not JSON, or not a valid configuration; the message names it.
    """
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; expected the folder of a training run") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not a JSON file ({error})") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: not a configuration")
    try:
        return resolve(Config(formats.upgrade(content)))
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def differences(ours: Config, theirs: Config) -> dict[str, str]:
    """Fields in which two resolved configurations differ, each with `ours / theirs`.

    `recipe` is left out: the fields that it set tell all that it did.
    """
    a, b = flatten(ours), flatten(theirs)
    return {
        path: f"{a[path]!r} / {b[path]!r}"
        for path in sorted(a)
        if a[path] != b[path] and path != "recipe"
    }
