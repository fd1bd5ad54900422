"""The flag `--config`: a configuration file, its variant and recipe, and any field of it."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from absl import flags
from ml_collections import ConfigDict, config_flags

from experiments.configs import recipes
from experiments.configs.fields import check_path
from experiments.console.errors import UserError
from vstm.variants import VARIANTS

_HELP = (
    "Configuration file, with the variant and, after a second colon, the recipe: "
    "experiments/configs/moving_mnist.py:VARIANT[:RECIPE], or scenes.py or video.py there. "
    f"Variants: {', '.join(VARIANTS)}. Recipes: {', '.join(recipes.NAMES)}; fast if none is "
    "given. --config.FIELD=VALUE sets any field, such as --config.train.batch_size=8. Fields are "
    "documented in experiments/configs/default.py; those of model in "
    "vstm/modules/model_config.py; those of data, moving_mnist, scenes and video in data/."
)
_arguments: list[str] = []  # those being parsed; ml_collections looks for fields in them


def define(flag_values: flags.FlagValues) -> flags.FlagHolder[ConfigDict]:
    """Defines `--config`, required, among a program's flags."""
    config = config_flags.DEFINE_config_file(
        "config", None, _HELP, flag_values=flag_values, sys_argv=_arguments
    )
    flags.mark_flag_as_required("config", flag_values)
    return config


def prepare(flag_values: flags.FlagValues, arguments: Sequence[str]) -> None:
    """Readies the flag for arguments that are parsed next; a mistyped field is named here.

    Args:
      flag_values: a program's flags; those of fields that were parsed before are dropped.
      arguments: without the program's name; files of flags replaced by what they say.

    Raises:
      UserError: no such file, or no such field.
    """
    for name in list(flag_values):
        if name.startswith("config."):
            delattr(flag_values, name)
    if "config" not in flag_values:
        return
    for name, value in _named(arguments):
        if name == "config":
            path = Path(value.partition(":")[0])
            if not path.is_file() or path.suffix != ".py":
                raise UserError(f"--config: {path}: no such Python file")
        elif name.removeprefix("no").startswith("config."):
            check_path(name.removeprefix("no").removeprefix("config."))
    _arguments[:] = arguments


def _named(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Flags with their values, given as `--name=value` or `--name value`."""
    for argument, following in itertools.pairwise([*arguments, ""]):
        if argument.startswith("-"):
            name, equals, value = argument.lstrip("-").partition("=")
            yield name, value if equals else following
