"""Fields of a configuration by dotted path; imports nothing heavy, as flags are checked with it."""

from collections.abc import Mapping
from typing import Any

from ml_collections import ConfigDict as Config

from experiments.configs import default
from experiments.run.errors import UserError, nearest


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
