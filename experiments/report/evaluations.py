"""Rows of evaluated runs: what each compares, its test scores, those of its flow."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from data.files.json_files import parse_json
from experiments.configs import config as configuration
from experiments.configs import default
from experiments.configs.config import Config, decide, is_read, options_of
from experiments.configs.fields import flatten
from experiments.configs.recipes import configure, with_recipe
from experiments.console.errors import UserError
from experiments.console.reading import number, numbers, reading
from experiments.measure.bounds.floor import encoder_name
from experiments.measure.flow_scores import read_flow_scores
from experiments.measure.paper import MODEL_OF_RECIPE
from experiments.report.provenance import Row, training
from experiments.report.table import Evaluations
from experiments.run.folder import CONFIG_FILE
from vstm.variants import get_variant

FLOORS = "floors"
"""Folder beside the runs of what `experiments.true_flow_floor` wrote; its errors are a column."""

_TOLD_OTHERWISE = (
    "seed",  # a column
    "train.num_sequences",  # a column
    "recipe",  # by the fields that it set
    "precision",  # of accelerators, by the device
    "train.keep_best_checkpoints",  # says nothing of the model
    "train.updates_per_call",  # as does neither
    "train.frames_on_device",
    "train.max_skipped",  # nor does that, of a run that ended
)
_FOLLOWED = ("variant", "loss", "data.name", "data.image_size", "recipe")
"""Fields that the network's follow."""


def rows(source: Evaluations, runs: Path, files: Sequence[Path]) -> list[Row]:
    """A row for each evaluation.

    Its `settings` are fields that differ from a baseline. Of the network, that is what variant,
    recipe, loss and size of frame give; of all else, the plain defaults, so that a row says what
    its recipe set, whatever the recipe sets later. A run from before the recipes' names has the
    variant's own network as its baseline. Where runs are compared by a field, the baseline is all
    that the recipe sets, so that a run by the recipe has no settings; of a recipe other than
    `fast`, they tell its name.

    Args:
      source: what is compared.
      runs: folder of the runs, and of `FLOORS`.
      files: the evaluations, each in its run's folder.

    Raises:
      UserError: one is damaged, or a floor is; or runs are compared by variant, and one has
        another network than its variant's.
    """
    floors = read_floors(runs / FLOORS)
    table = []
    for path in files:
        with reading(path, "an evaluation"):
            evaluation = _checked(parse_json(path))
            config = configuration.read_json(path.parent / CONFIG_FILE)
            row = (
                _compared(source, path.parent, config)
                | {"seed": config.seed, "sequences": evaluation["sequences_trained"]}
                | _scores(source, evaluation)
            )
            if floors:
                row["floor"] = floors.get(encoder_name(options_of(config, "model")))
            table.append(row | read_flow_scores(path.parent) | training(path.parent))
    return table


def _checked(evaluation: dict[str, Any]) -> dict[str, Any]:
    number(evaluation["sequences_trained"])
    for name in ("model", "copy_last"):
        numbers(evaluation[name])
    if evaluation.get("paper") is not None:  # earlier ones have none
        numbers(evaluation["paper"])
    return evaluation


def read_floors(folder: Path) -> dict[str, float]:
    """Errors with the true flow by encoder, from the files of a folder; none if it is missing.

    Raises:
      UserError: one is damaged.
    """
    floors = {}
    for path in sorted(folder.glob("*.json")):
        with reading(path, "a floor"):
            entry = parse_json(path)
            floors[str(entry["encoder"])] = number(entry["test_cross_entropy"])
    return floors


def _compared(source: Evaluations, folder: Path, config: Config) -> Row:
    fields = flatten(config)
    if source.field == "variant":
        _check_network(folder, config)
    of_recipe = bool(source.field)
    baseline = _baseline(*(fields[path] for path in _FOLLOWED), of_recipe=of_recipe)
    settings = {
        path: list(value) if isinstance(value, tuple) else value  # as earlier rows have it
        for path, value in sorted(fields.items())
        if value != baseline[path]
        and path not in _TOLD_OTHERWISE
        and is_read(path, config.data.name)
    }
    if not of_recipe:
        return {"run": folder.name, "settings": settings}
    if config.recipe not in ("", "fast"):
        settings = {"recipe": config.recipe} | settings
    return {source.field: fields[source.field], "settings": settings}


def _check_network(folder: Path, config: Config) -> None:
    """Refuses a run that would pass as its variant, but whose network is another.

    Raises:
      UserError: names the run and the fields in which they differ.
    """
    variant, network = (
        get_variant(config.variant).to_fields(),
        options_of(config, "model").to_fields(),
    )
    may_differ = (*MODEL_OF_RECIPE, "frame_size")
    others = [
        f"model.{name}={value}"
        for name, value in network.items()
        if value != variant[name] and name not in may_differ
    ]
    if others:
        raise UserError(
            f"{folder}: {', '.join(others)}: another network than {config.variant}, by which its "
            "row would go; expected runs of the variants' own"
        )


@cache
def _baseline(*followed: Any, of_recipe: bool) -> Mapping[str, Any]:
    """The fields that `settings` are told from, see `rows`.

    Args:
      followed: values of `_FOLLOWED`. They need not go together, such as the default speed of
        digits and small frames.
      of_recipe: whether all that the recipe sets is in it, or what it sets of the network alone.
    """
    by_path = dict(zip(_FOLLOWED, followed, strict=True))
    if of_recipe:
        config = configure(by_path["variant"])
        by_path["recipe"] = by_path["recipe"] or "fast"  # of runs from before the recipes' names
    else:
        config = default.get_config()
    config.update_from_flattened_dict(by_path)
    config = with_recipe(config)
    decide(config)
    told = {} if of_recipe else {path: default.DEFAULTS[path] for path in _FOLLOWED}
    return flatten(config) | told


def _scores(source: Evaluations, evaluation: dict[str, Any]) -> Row:
    if source.score:
        score = evaluation["model"][source.score]
        paper = (evaluation["paper"] or {}).get(source.score)
        return {source.name: score, "paper": paper, "ratio": paper and score / paper}
    copy = {f"copy_last_{name}": value for name, value in evaluation["copy_last"].items()}
    return evaluation["model"] | copy
