"""What the recipes set, by data, variant and kind of memory, and where a configuration takes it.

The configuration files leave the fields that recipes set open (None), so that a recipe is looked up
from the variant, data and recipe that are in force once the command line has had its say, and a
field that the command line sets stays as it is.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ml_collections import ConfigDict
from ml_collections.config_dict import placeholder

from experiments.configs import default
from experiments.configs.default import DEFAULTS, KINDS
from experiments.configs.fields import section_of
from experiments.console.errors import UserError, nearest
from vstm.variants import VARIANTS, get_variant

Settings = dict[str, Any]

_GPU_BATCHES = 8  # times as many sequences an update


def _fast_moving_mnist(variant: str, memory: str) -> Settings:
    settings: Settings = {
        "model.memory_initial_range": 0.02,
        "model.returning_gradient": True,
        "flow_loss.sparsity_weight": 1e-3,  # a common shift would otherwise cost nothing
    }
    if variant == "conv-1enc-2LSTM":
        # at the others' rate its flow runs into the clamp
        settings["optimizer.flow_head_rate"] = 0.05
    if memory == "fc":
        # otherwise a black background saturates its units
        settings["optimizer.memory_rate"] = 0.003
    else:
        settings["flow_loss.photometric_weight"] = 3.0  # falls to 0; ties the flow to the frames
    return settings


def _quick_moving_mnist(variant: str, memory: str) -> Settings:
    """`fast` within minutes: a short run needs a high rate."""
    return _fast_moving_mnist(variant, memory) | {
        "optimizer.learning_rate": 24e-3,
        "train.num_sequences": 800,
        "train.image_every_steps": 100,
        "train.validate_every_steps": 100,
        "evaluation.num_while_training": 64,
        "evaluation.num_validation": 200,
        "evaluation.num_test": 500,
    }


def _gpu_moving_mnist(variant: str, memory: str) -> Settings:
    """`fast` for an accelerator: as many updates, of eight times as many sequences."""
    batch = default.DEFAULTS["train.batch_size"]
    rate = default.DEFAULTS["optimizer.learning_rate"]
    return _fast_moving_mnist(variant, memory) | {
        "optimizer.learning_rate": round(rate * _GPU_BATCHES**0.5, 4),
        "train.batch_size": batch * _GPU_BATCHES,
        "train.num_sequences": default.DEFAULTS["train.num_sequences"] * _GPU_BATCHES,
        "train.updates_per_call": 20,
        "train.frames_on_device": True,
    }


def _fast_scenes(variant: str, memory: str) -> Settings:
    settings: Settings = {
        "model.memory_initial_range": 0.02,
        "model.returning_gradient": True,
        "model.residual": True,
        "model.normalise_contrast": True,
        "model.decoder_memory": True,
        "model.flow_enlargement": "bilinear",
        "flow_loss.photometric_weight": 1.0,
        "flow_loss.photometric_share": 0.0,
        "flow_loss.photometric_penalty": "charbonnier",
        "flow_loss.edge_aware_weight": 0.05,
        "flow_loss.sparsity_weight": 0.02,
        "optimizer.learning_rate": 1.5e-3,
        "optimizer.decoder_rate": 0.3,
        "train.relative_loss": True,
        "train.num_sequences": 12_000,
    }
    if memory == "conv":
        settings |= {"model.tracking": True, "model.softening": True}
    return settings


def _fast_video(variant: str, memory: str) -> Settings:
    return _fast_scenes(variant, memory) | {
        "video.max_scale": 2.5,
        "video.max_pan": 3.0,
        "video.pan_share": 0.2,
        "video.random_reversals": True,
        "video.random_contrast": True,
    }


def _paper(variant: str, memory: str) -> Settings:
    """Section 4 of the paper."""
    return {
        "optimizer.name": "rmsprop",
        "optimizer.learning_rate": 1e-4,
        "optimizer.schedule": "halving",
        "optimizer.flow_head_rate": 1.0,
        "optimizer.memory_rate": 1.0,
        "optimizer.clip_global_norm": 0.0,
        "optimizer.clip_elements": 50.0,
        "train.num_targets": 1,
        "train.batch_size": 1,
        "train.num_sequences": 100_000,
        "train.log_every_steps": 100,
        "train.image_every_steps": 2_000,
        "train.validate_every_steps": 2_000,
        "train.checkpoint_every_steps": 1_000,
    }


RECIPES: dict[str, dict[str, Callable[[str, str], Settings]]] = {
    "moving_mnist": {
        "fast": _fast_moving_mnist,
        "quick": _quick_moving_mnist,
        "gpu": _gpu_moving_mnist,
        "paper": _paper,
    },
    "scenes": {"fast": _fast_scenes, "paper": _paper},
    "video": {"fast": _fast_video, "paper": _paper},
}
"""By `data.name` and name: dotted fields and values, of a variant; others keep their defaults."""

OF_OTHER_DATA: dict[str, Callable[[str, str], Settings]] = {"fast": lambda *_: {}, "paper": _paper}
"""Those of data sets that have none of their own; `fast` is the defaults."""

NAMES = tuple(dict.fromkeys(name for recipes in RECIPES.values() for name in recipes))

CHOICES = ("", *NAMES)  # "": the defaults, and the variant's model as it is

OPEN_FIELDS = sorted(
    {
        path
        for recipes in RECIPES.values()
        for recipe in recipes.values()
        for variant in VARIANTS
        for path in recipe(variant, VARIANTS[variant].memory)
    }
    | {path for path in KINDS if path.startswith("model.")}
)
"""Those that any recipe sets for any variant, and the model's."""


def configure(specification: str) -> ConfigDict:
    """The defaults with a variant, and open what a recipe sets.

    Args:
      specification: `VARIANT` or `VARIANT:RECIPE`; the recipe is `fast` if not given.

    Raises:
      ValueError: unknown variant or recipe; the message names the nearest and the known ones.
    """
    variant, _, recipe = specification.partition(":")
    config = default.get_config()
    get_variant(variant)
    config.variant = variant
    config.recipe = recipe or "fast"
    if config.recipe not in NAMES:
        raise ValueError(f"unknown recipe {recipe!r}; {nearest(recipe, NAMES)}")
    for path in OPEN_FIELDS:
        section, name = section_of(config, path)
        section[name] = placeholder(KINDS[path])
    return config


def with_recipe(config: ConfigDict) -> ConfigDict:
    """A copy in which open fields have the recipe's value, or else the variant's or the default.

    Args:
      config: with known variant, loss and data.

    Raises:
      UserError: the recipe is none of those of the data.
    """
    filled = config.copy_and_resolve_references()
    recipes = RECIPES.get(config.data.name, OF_OTHER_DATA)
    if config.recipe and config.recipe not in recipes:
        raise UserError(
            f"config.recipe={config.recipe!r}, of data {config.data.name}: "
            f"{nearest(config.recipe, recipes)}"
        )
    memory = config.model.get("memory") or get_variant(config.variant).memory
    settings = recipes[config.recipe](config.variant, memory) if config.recipe else {}
    defaults = DEFAULTS | _model_fields(config)
    for path in OPEN_FIELDS:
        section, name = section_of(filled, path)
        if section.get(name) is None:
            with filled.ignore_type():
                section[name] = settings.get(path, defaults[path])
    return filled


def _model_fields(config: ConfigDict) -> Settings:
    """The model of the variant, for the loss and the data's frames."""
    from vstm.losses import LOSSES  # heavy; flags are defined without it

    model = asdict(get_variant(config.variant)) | {
        "output": LOSSES[config.loss].output,
        "frame_size": (config.data.image_size, config.data.image_size),
    }
    return {f"model.{name}": value for name, value in model.items()}
