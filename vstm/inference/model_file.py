"""Trained models as one file: parameters, and the description that makes the model again.

A NumPy archive: `description`, the fields of `ModelConfig` as JSON text, and each parameter under
its path, `module/.../name`.
"""

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from vstm.modules.model_config import ModelConfig
from vstm.variants import get_variant

MODEL_FILE = "model.npz"
_DAMAGES = (OSError, EOFError, AttributeError, KeyError, ValueError, TypeError)


def save_model(file: str | Path | IO[bytes], config: ModelConfig, params: Any) -> None:
    """Writes a model.

    Args:
      file: its path, which ends in .npz, or a file that is open for binary writing.
      config: of the model.
      params: its parameters.

    Raises:
      OSError: it cannot be written.
    """
    flat = flatten_dict(params, sep="/")
    arrays: dict[str, Any] = {name: np.asarray(value) for name, value in flat.items()}
    arrays["description"] = np.array(json.dumps(config.to_fields()))
    np.savez(file, **arrays)


def load_model(path: str | Path) -> tuple[ModelConfig, Any]:
    """Reads what `save_model` wrote, of this version or an earlier one.

    Args:
      path: the file, or the folder that holds it as `model.npz`, such as a run's.

    Returns:
      Description and parameters.

    Raises:
      FileNotFoundError: no such file; the message names it.
      ValueError: damaged, or not a model's file.
    """
    path = Path(path)
    path = path / MODEL_FILE if path.is_dir() else path
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such file; training writes it into the run's folder when it ends"
        )
    try:
        with path.open("rb") as file, np.load(file) as archive:
            fields = json.loads(str(archive["description"]))
            names = [name for name in archive.files if name != "description"]
            params = {name: archive[name] for name in names}
        config = _earlier(fields) if "variant" in fields else ModelConfig.from_fields(fields)
        return config, unflatten_dict(params, sep="/")
    except (*_DAMAGES, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: damaged, or not a model's file ({error})") from error


def _earlier(fields: dict[str, Any]) -> ModelConfig:
    """The description in files that named a variant and what differed from it."""
    config = scaled_variant(
        fields["variant"],
        fields.get("memory_width", 1.0),
        fields["loss"],
        tuple(fields["frame_size"]),
    )
    return replace(
        config,
        memory_kernel_size=fields.get("memory_kernel_size", config.memory_kernel_size),
        recurrent_flow=fields["recurrent_flow"],
        residual=fields["residual"],
        normalise_contrast=fields["normalise_contrast"],
    )


def scaled_variant(
    variant: str, width: float, loss: str, frame_size: tuple[int, int]
) -> ModelConfig:
    """What files and configurations meant that described a network by what differs from a variant.

    Args:
      variant: its name.
      width: factor of the memory's features.
      loss: that the network is trained by, which decides what its output is.
      frame_size: height and width of training frames, pixels.
    """
    config = get_variant(variant)
    return replace(
        config,
        memory_features=tuple(max(1, round(width * count)) for count in config.memory_features),
        output="logit" if loss == "bce" else "intensity",
        frame_size=frame_size,
    )
