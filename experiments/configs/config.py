"""Reading, checking and comparing configurations."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict as Config

from data.registry import DATA_SETS
from experiments.configs import formats
from experiments.configs.checks import check_together
from experiments.configs.default import FIELDS, KINDS, SECTIONS
from experiments.configs.fields import check_path, check_value, flatten
from experiments.configs.recipes import OPEN_FIELDS, with_recipe
from experiments.console import reading as files
from experiments.console.errors import UserError

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
    _check_sections(resolved)
    decide(resolved)
    check_together(resolved)
    return resolved


def decide(config: Config) -> None:
    """Replaces, in place, the values that stand for others: those of pixels and `num_targets`."""
    if config.moving_mnist.pixels == "auto":
        config.moving_mnist.pixels = "binary" if config.model.output == "logit" else "float"
    if not config.train.num_targets:
        config.train.num_targets = min(_MOST_TARGETS, config.tau)


def _check_sections(config: Config) -> None:
    """Makes each part's own options, and has the data set in force check its own.

    Raises:
      UserError: names the field and what it may be.
    """
    for section in SECTIONS:
        if section == "model":  # what the frames and the loss make of it comes after them
            _check_data_set(config)
        try:
            options_of(config, section)
        except ValueError as error:
            cause = _CAUSES.get(str(error).partition("=")[0]) if section == "model" else None
            source = f" (from config.{cause}={flatten(config)[cause]!r})" if cause else ""
            raise UserError(f"config.{section}.{error}{source}") from error


_CAUSES = {
    "frame_size": "data.image_size",
    "residual": "loss",
    "normalise_contrast": "loss",
}
"""Fields of the model that may be wrong because of another field."""


def _check_data_set(config: Config) -> None:
    name = config.data.name
    try:
        DATA_SETS[name].check(options_of(config, name), options_of(config, "data"))
    except ValueError as error:
        field = str(error).partition(":")[0]
        section = name if f"{name}.{field}" in KINDS else "data"
        raise UserError(f"config.{section}.{error}") from error


def options_of(config: Config, section: str) -> Any:
    """A section as the dataclass of the part that it is for, see `default.SECTIONS`.

    Raises:
      ValueError: a field outside its range; the message starts with its name.
    """
    names = [field.name for field in dataclasses.fields(SECTIONS[section])]
    return SECTIONS[section](**{name: config[section][name] for name in names})


def to_json(config: Config) -> str:
    """The configuration and its format as indented JSON, fields in alphabetic order."""
    content = config.to_dict() | {formats.FIELD: formats.FORMAT}
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


def read_json(path: Path) -> Config:
    """A resolved configuration that `to_json` wrote, of this version or an earlier one.

    Raises:
      UserError: no such file, not JSON, or not a valid configuration; the message names it.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file; expected the folder of a training run")
    content = files.read_json(path)
    with files.reading(path, "a configuration"):
        try:
            fields = formats.upgrade(content)
            for name, value in flatten(fields).items():
                check_path(name)
                if value is None:
                    raise UserError(f"config.{name}: expected a value, got null")
            return resolve(Config(fields))
        except UserError as error:
            raise UserError(f"{path}: {error}") from error


def differences(ours: Config, theirs: Config) -> dict[str, str]:
    """Fields in which two resolved configurations differ, each with `ours / theirs`.

    `recipe` is left out: the fields that it sets are compared themselves. So are the options of
    data sets that neither reads.
    """
    a, b = flatten(ours), flatten(theirs)
    names = (ours.data.name, theirs.data.name)
    return {
        path: f"{a[path]!r} / {b[path]!r}"
        for path in sorted(a)
        if a[path] != b[path] and path != "recipe" and is_read(path, *names)
    }


def is_read(path: str, *names: str) -> bool:
    """Whether a field is read with data of these names, and not another data set's option."""
    section = path.partition(".")[0]
    return section not in DATA_SETS or section in names
