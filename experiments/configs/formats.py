"""Configurations that earlier versions wrote, read as what they meant."""

from collections.abc import Mapping
from typing import Any

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
}
"""By format: the fields that came with it, and what reproduces runs from before."""

DROPPED: dict[int, tuple[str, ...]] = {1: ("data.published_test_set",)}
"""By format: fields that went with it, which a run doesn't depend on."""

FORMAT = max(ADDED)


def upgrade(content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a `config.json` of any format, as those of the present one.

    Raises:
      UserError: a format that this version does not know.
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
    return fields


def _copy(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _copy(value) if isinstance(value, Mapping) else value
        for name, value in fields.items()
    }


def _section(fields: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """The part that holds a field, made if need be, and the field's name in it."""
    *parents, name = path.split(".")
    for parent in parents:
        below = fields.setdefault(parent, {})
        fields = below if isinstance(below, dict) else {}  # damaged: named when it is checked
    return fields, name
