"""Configurations that earlier versions wrote, read as what they meant."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from data.registry import DATA_SETS
from experiments.console.errors import UserError

FIELD = "format"
"""Of `config.json`: its format's number; files older than the numbers have none and count as 0."""

ADDED: dict[int, dict[str, Any]] = {
    1: {
        # Files older than the numbers lack some of these, the older the more.
        "recipe": "",
        "optimizer.memory_rate": 1.0,
        "convolution": "direct",
        "segment": 0,
        "residual": False,
        "normalise_contrast": False,
        "flow_head.recurrent": False,
        "flow_head.sparsity_weight": 0.0,
        "data.name": "moving_mnist",
        "video.directory": "",  # they trained on moving MNIST, which reads none of these
        "video.division": 1,
        "video.window_stride": 1,
        "video.random_crops": True,
        "video.max_pan": 0.0,
        "video.random_flips": True,
        "video.random_reversals": False,
        "train.initial_model": "",
        "train.num_targets": 1,
        "memory.width": 1.0,
        "memory.kernel_size": 7,
        "memory.initial_range": 0.08,
        "flow_head.returning_gradient": False,
        "flow_head.photometric_weight": 0.0,
        "flow_head.photometric_share": 0.0,
        "precision": "bfloat16",  # JAX's default; no other on a CPU
    },
    3: {
        "video.still_share": 1.0,
        "video.min_scale": 1.0,
        "video.max_scale": 0.0,
        "video.pan_share": 1.0,
        "video.random_contrast": False,
        "model.tracking": False,
        "model.softening": False,
        "model.decoder_memory": False,
        "model.flow_enlargement": "nearest",
        "flow_loss.photometric_penalty": "squared",
        "flow_loss.edge_aware_weight": 0.0,
        "optimizer.decoder_rate": 1.0,
        "train.relative_loss": False,
    },
    4: {
        "train.keep_best_checkpoints": 0,
        "unroll": 1,
        "train.parts": 1,
        "train.shard_optimizer": False,
        "train.updates_per_call": 1,
        "train.max_skipped": 1,
        "train.frames_ahead": 1,
        "train.frames_on_device": False,
    },
    5: {"flow_loss.exclude_occluded": False},
}
"""By format: the fields that came with it, and what reproduces runs from before."""

DROPPED: dict[int, tuple[str, ...]] = {1: ("data.published_test_set",)}
"""By format: fields that went with it, which a run doesn't depend on."""

MOVED: dict[str, str] = {
    "residual": "model.residual",
    "normalise_contrast": "model.normalise_contrast",
    "memory.width": "model.memory_features",
    "memory.kernel_size": "model.memory_kernel_size",
    "memory.initial_range": "model.memory_initial_range",
    "flow_head.recurrent": "model.recurrent_flow",
    "flow_head.returning_gradient": "model.returning_gradient",
    "smoothness.delta": "flow_loss.smoothness_delta",
    "smoothness.weight": "flow_loss.smoothness_weight",
    "flow_head.sparsity_weight": "flow_loss.sparsity_weight",
    "flow_head.photometric_weight": "flow_loss.photometric_weight",
    "flow_head.photometric_share": "flow_loss.photometric_share",
    "data.seed": "moving_mnist.seed",
    "data.digits": "moving_mnist.digits",
    "data.directory": "moving_mnist.directory",
    "data.tfds_name": "moving_mnist.tfds_name",
    "data.pixels": "moving_mnist.pixels",
    "data.lines": "moving_mnist.lines",
    "data.num_digits": "moving_mnist.num_digits",
    "data.step": "moving_mnist.step",
    "data.speed": "moving_mnist.speed",
}
"""Where format 2 put the fields that others had elsewhere."""

FORMAT = max(2, *ADDED)


def upgrade(content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a `config.json` of any format, as those of the present one.

    Raises:
      UserError: a format that this version does not know, or a field that it cannot translate.
    """
    number = content.get(FIELD, 0)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= FORMAT:
        raise UserError(
            f"{FIELD} {number!r}: of a newer version of this program, which reads {FORMAT} and "
            "earlier; update it"
        )
    fields = _copy({name: value for name, value in content.items() if name != FIELD})
    for later in range(number + 1, FORMAT + 1):
        for path in DROPPED.get(later, ()):
            section, name = _section(fields, path)
            section.pop(name, None)
        for path, value in ADDED.get(later, {}).items():
            section, name = _section(fields, path)
            section.setdefault(name, value)
    fields = _with_model(fields) if number < 2 else fields
    for name, data_set in DATA_SETS.items():  # those that came later, which the run did not read
        if name != fields.get("data", {}).get("name"):
            fields.setdefault(name, asdict(data_set.options()))
    return fields


def _with_model(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields of format 1 as those of format 2, with the model described by itself."""
    from vstm.inference.model_file import scaled_variant  # heavy; flags are defined without it

    for old, new in MOVED.items():
        section, name = _section(fields, old)
        if name in section:
            there, new_name = _section(fields, new)
            there[new_name] = section.pop(name)
    for emptied in ("memory", "flow_head", "smoothness"):
        if fields.get(emptied) == {}:
            del fields[emptied]
    try:
        model, side = fields["model"], fields["data"]["image_size"]
        described = scaled_variant(
            fields["variant"], model["memory_features"], fields["loss"], (side, side)
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise UserError(f"not a configuration of format 1 ({error!r})") from error
    fields["model"] = asdict(described) | model | {"memory_features": described.memory_features}
    return fields


def _copy(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with tuples for JSON's lists."""

    def copied(value: Any) -> Any:
        if isinstance(value, Mapping):
            return _copy(value)
        return tuple(value) if isinstance(value, list) else value

    return {name: copied(value) for name, value in fields.items()}


def _section(fields: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """The part that holds a field, made if need be, and the field's name in it."""
    *parents, name = path.split(".")
    for parent in parents:
        below = fields.setdefault(parent, {})
        fields = below if isinstance(below, dict) else {}  # damaged: named when it is checked
    return fields, name
