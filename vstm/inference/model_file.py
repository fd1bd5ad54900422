"""Trained models as one file: parameters, and the description that makes the model again.

A NumPy archive: `description`, JSON text, and each parameter under its path, `module/.../name`.
"""

import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from vstm.model import Autoencoder
from vstm.variants import get_variant

MODEL_FILE = "model.npz"


@dataclass(frozen=True)
class ModelDescription:
    """What a model is, apart from its parameters.

    Attributes:
      variant: a name of `vstm.variants`.
      loss: that it was trained by; tells what its output means, see `losses.output_intensity`.
      frame_size: (H, W) it was trained on.
      recurrent_flow: see `Autoencoder`.
      residual: see `Autoencoder`.
      normalise_contrast: see `Autoencoder`.
      memory_width: see `Variant.with_memory`.
      memory_kernel_size: see `Variant`.
    """

    variant: str
    loss: str
    frame_size: tuple[int, int]
    recurrent_flow: bool
    residual: bool
    normalise_contrast: bool
    memory_width: float = 1.0
    memory_kernel_size: int = 7

    def model(self, **options: Any) -> Autoencoder:
        """The autoencoder; options are its further attributes, which training sets."""
        variant = get_variant(self.variant)
        return Autoencoder(
            variant.with_memory(width=self.memory_width, kernel_size=self.memory_kernel_size),
            recurrent_flow=self.recurrent_flow,
            frame_size=self.frame_size,
            residual=self.residual,
            normalise_contrast=self.normalise_contrast,
            **options,
        )


def save_model(file: Path | IO[bytes], description: ModelDescription, params: Any) -> None:
    """Writes a model.

    Args:
      file: its path, which ends in .npz, or a file that is open for binary writing.
      description: of the model.
      params: its parameters.

    Raises:
      OSError: it cannot be written.
    """
    flat = flatten_dict(params, sep="/")
    arrays: dict[str, Any] = {name: np.asarray(value) for name, value in flat.items()}
    arrays["description"] = np.array(json.dumps(asdict(description)))
    np.savez(file, **arrays)


def load_model(path: Path) -> tuple[ModelDescription, Any]:
    """Reads what `save_model` wrote.

    Args:
      path: the file, or the folder that holds it as `model.npz`, such as a run's.

    Returns:
      Description and parameters.

    Raises:
      FileNotFoundError: no such file; the message names it.
      ValueError: damaged, or not a model's file.
    """
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
        fields["frame_size"] = tuple(fields["frame_size"])
        return ModelDescription(**fields), unflatten_dict(params, sep="/")
    except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: damaged, or not a model's file ({error})") from error
