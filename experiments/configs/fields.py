"""Fields of a configuration by dotted path; imports nothing heavy, as flags are checked with it."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from absl import flags
from ml_collections import ConfigDict as Config

from experiments.configs.default import KINDS
from experiments.configs.formats import MOVED
from experiments.console.errors import UserError, nearest

_PARSERS: dict[type, flags.ArgumentParser] = {
    bool: flags.BooleanParser(),
    int: flags.IntegerParser(),
    float: flags.FloatParser(),
    str: flags.ArgumentParser(),
    tuple: flags.ArgumentParser(),
}
_NAMES = {
    bool: "bool (True or False)",
    int: "int",
    float: "float",
    str: "str",
    tuple: "tuple of int, such as (24,)",
}
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


def section_of(config: Config, path: str) -> tuple[Config, str]:
    """The part of a configuration that holds a field, and the field's name in it."""
    *parents, name = path.split(".")
    for parent in parents:
        config = config[parent]
    return config, name


def check_path(path: str) -> None:
    """Refuses a dotted path that is no field.

    Raises:
      UserError: says where the field is now, or names the first unknown part, the nearest and all
        known names beside it.
    """
    if path in KINDS:
        return
    if path in MOVED:
        counts = ", the number of each layer's features" if path == "memory.width" else ""
        raise UserError(f"config.{path}: is config.{MOVED[path]} now{counts}")
    is_section = any(field.startswith(f"{path}.") for field in KINDS)
    moved = [new for old, new in MOVED.items() if old.startswith(f"{path}.")]
    if moved and not is_section:
        raise UserError(f"config.{path}: its fields are config.{', config.'.join(moved)} now")
    parts = path.split(".")
    for depth, part in enumerate(parts):
        parent = ".".join(["config", *parts[:depth]])
        known = list(dict.fromkeys(_names_in(parts[:depth])))
        if part not in known:
            hint = nearest(part, known) if known else f"{parent} has no fields"
            raise UserError(f"config.{path}: {parent} has no field {part!r}; {hint}")


def _names_in(parents: list[str]) -> Iterator[str]:
    """Names of the fields and sections of a section."""
    for path in KINDS:
        parts = path.split(".")
        if parts[: len(parents)] == parents and len(parts) > len(parents):
            yield parts[len(parents)]


def check_value(path: str, value: Any) -> None:
    """Refuses a value of another type than the field's; whole numbers serve as real ones.

    Raises:
      UserError: names the field and its type.
    """
    kind = _kind(path)
    kinds = (int, float) if kind is float else (kind,)
    fits = isinstance(value, kinds) and (not isinstance(value, bool) or kind is bool)
    if kind is tuple and fits:
        fits = all(type(part) is int for part in value)
    if not fits:
        raise UserError(f"config.{path}: expected {_NAMES[kind]}, got {value!r}")
    if kind is float and isinstance(value, int) and abs(value) > _MAX_FLOAT:
        raise UserError(f"config.{path}={value}: expected a finite number")


def check_text(path: str, text: str) -> None:
    """Refuses a flag's text that is not a value of the field's type.

    Raises:
      UserError: names the field and its type.
    """
    kind = _kind(path)
    try:
        _PARSERS[kind].parse(text)
    except (ValueError, TypeError) as error:
        raise UserError(f"config.{path}: expected {_NAMES[kind]}, got {text!r}") from error


def _kind(path: str) -> type:
    if path not in KINDS:
        raise UserError(
            f"config.{path}: expected one of its fields, such as "
            f"config.{path}.{min(_names_in(path.split('.')))}"
        )
    return KINDS[path]
