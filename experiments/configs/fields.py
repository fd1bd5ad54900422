"""Fields of a configuration by dotted path; imports nothing heavy, as flags are checked with it."""

import sys
from collections.abc import Mapping
from typing import Any

from absl import flags
from ml_collections import ConfigDict as Config

from experiments.configs import default
from experiments.console.errors import UserError, nearest

_PARSERS: dict[type, flags.ArgumentParser] = {
    bool: flags.BooleanParser(),
    int: flags.IntegerParser(),
    float: flags.FloatParser(),
    str: flags.ArgumentParser(),
}
_NAMES = {bool: "bool (True or False)", int: "int", float: "float", str: "str"}
_MAX_FLOAT = sys.float_info.max


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Fields by dotted path."""
    fields: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, Mapping | Config):
            fields |= flatten(value, f"{prefix}{name}.")
        else:
            fields[prefix + name] = value
    return fields


def check_path(path: str) -> None:
    """Refuses a dotted field path that the default configuration doesn't have.

    Raises:
      UserError: names the first unknown part, the nearest and all known names beside it.
    """
    level: Any = default.get_config()
    parts = path.split(".")
    for depth, part in enumerate(parts):
        known = list(level) if isinstance(level, Config) else []
        if part not in known:
            parent = ".".join(["config", *parts[:depth]])
            hint = nearest(part, known) if known else f"{parent} has no fields"
            raise UserError(f"config.{path}: {parent} has no field {part!r}; {hint}")
        level = level[part]


def check_value(path: str, value: Any) -> None:
    """Refuses a value of another type than the field's; whole numbers serve as real ones.

    Raises:
      UserError: names the field and its type.
    """
    kind = _kind(path)
    kinds = (int, float) if kind is float else (kind,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and kind is not bool):
        raise UserError(f"config.{path}: expected {_NAMES[kind]}, got {value!r}")
    if kind is float and isinstance(value, int) and abs(value) > _MAX_FLOAT:
        raise UserError(f"config.{path}={value}: expected a finite number")


def check_text(path: str, text: str) -> None:
    """Refuses text, of a flag, that does not tell a value of the field's type.

    Raises:
      UserError: names the field and its type.
    """
    kind = _kind(path)
    try:
        _PARSERS[kind].parse(text)
    except (ValueError, TypeError) as error:
        raise UserError(f"config.{path}: expected {_NAMES[kind]}, got {text!r}") from error


def _kind(path: str) -> type:
    level: Any = default.get_config()
    for part in path.split("."):
        level = level[part]
    if isinstance(level, Config):
        raise UserError(
            f"config.{path}: expected one of its fields, such as config.{path}.{min(level)}"
        )
    return type(level)
