"""Trained models as one file: parameters, and the description that makes the model again.

A NumPy archive: `description`, the fields of `ModelConfig` as JSON text, and each parameter under
its path, `module/.../name`.
"""

import json
import math
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from vstm.inference.parameter_shapes import parameter_shapes
from vstm.modules.model_config import ModelConfig
from vstm.variants import get_variant

MODEL_FILE = "model.npz"
_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '(?P<kind>[<>|][a-zA-Z])(?P<size>\d{1,9})', "
    rb"'fortran_order': (?P<in_columns>True|False), "
    rb"'shape': \((?P<shape>(\d{1,18}, ?)*(\d{1,18})?)\), ?\}\s*"
)
_DESCRIPTION = "description"
_MAX_DESCRIPTION = 2**16  # characters
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # those that NumPy writes
_MAX_CHANNELS = 2**16
_MAX_EXPANSION = 10  # of trained parameters, which hardly compress
_MAX_REASON = 200  # characters


def save_model(file: str | Path | IO[bytes], config: ModelConfig, params: Any) -> None:
    """Writes a model, its parameters as float32.

    Args:
      file: its path, which ends in .npz, or a file that is open for binary writing.
      config: of the model.
      params: its parameters, of frames of any number of channels.

    Raises:
      OSError: it cannot be written.
      ValueError: they are not the network's, or not finite, so that they could not be read again;
        nothing is written.
    """
    flat = flatten_dict(params, sep="/")
    arrays: dict[str, Any] = {name: np.asarray(value, "<f4") for name, value in flat.items()}
    shapes = parameter_shapes(config, channels=num_channels(config, params))
    _check_names(arrays, shapes)
    for name, array in arrays.items():
        if array.shape != shapes[name]:
            raise ValueError(f"{name}: {array.shape}; expected {shapes[name]}, as the network's")
        if not np.isfinite(array).all():
            raise ValueError(f"{name}: not finite")
    arrays[_DESCRIPTION] = np.array(json.dumps(config.to_fields()))
    np.savez(file, **arrays)


def num_channels(config: ModelConfig, params: Any) -> int:
    """Channels C of the frames that a network with these parameters takes and predicts.

    Raises:
      ValueError: they are not the network's.
    """
    name = _last_bias(config)
    bias = flatten_dict(params, sep="/").get(name)
    if bias is None:
        raise _unlike("lacks", name)
    return np.size(bias)


def load_model(path: str | Path) -> tuple[ModelConfig, Any]:
    """Reads what `save_model` wrote, of this version or an earlier one.

    Args:
      path: the file, or the folder that holds it as `model.npz`, such as a run's.

    Returns:
      Description and parameters: all of the network's, no others, float32 and finite.

    Raises:
      FileNotFoundError: no such file; the message names it.
      ValueError: damaged, or not a model's file; the message says why. Sizes are checked before
        memory is asked for.
    """
    path = Path(path)
    path = path / MODEL_FILE if path.is_dir() else path
    if not path.exists():
        raise FileNotFoundError(
            f"{path}: no such file; training writes it into the run's folder when it ends"
        )
    if not path.is_file():
        raise ValueError(f"{path}: a pipe or device; expected a model's file")
    try:
        with zipfile.ZipFile(path) as archive:
            config = _described(archive)
            shapes = parameter_shapes(config, channels=_described_channels(archive, config))
            _check_members(archive, shapes, path.stat().st_size)
            params = {name: _parameter(archive, name, shape) for name, shape in shapes.items()}
    except Exception as error:  # whatever a damaged file makes of itself
        reason = " ".join(str(error).split())[:_MAX_REASON] or type(error).__name__
        raise ValueError(f"{path}: damaged, or not a model's file ({reason})") from error
    return config, unflatten_dict(params, sep="/")


def _described(archive: zipfile.ZipFile) -> ModelConfig:
    with archive.open(f"{_DESCRIPTION}.npy") as file:
        shape, _, kind, size = _header(file)
        if shape or kind != "<U" or not 0 < size <= _MAX_DESCRIPTION:
            raise ValueError(f"description: expected a text, found {kind}{size} {shape}")
        text = file.read(4 * size).decode("utf-32-le").rstrip("\0")
    fields = json.loads(text)
    return _earlier(fields) if "variant" in fields else ModelConfig.from_fields(fields)


def _last_bias(config: ModelConfig) -> str:
    """The parameter of which there is one a channel: the bias of the decoder's last convolution."""
    return f"decoder/Conv2D_{len(config.encoder_features) - 1}/bias"


def _described_channels(archive: zipfile.ZipFile, config: ModelConfig) -> int:
    name = _last_bias(config)
    if f"{name}.npy" not in archive.namelist():
        raise _unlike("lacks", name)
    with archive.open(f"{name}.npy") as file:
        shape, *_ = _header(file)
    if len(shape) != 1 or not 0 < shape[0] <= _MAX_CHANNELS:
        raise ValueError(f"{name}: {shape}; expected one number a channel")
    return shape[0]


def _check_members(
    archive: zipfile.ZipFile, shapes: Mapping[str, tuple[int, ...]], size: int
) -> None:
    """Refuses a file of `size` bytes that holds, or whose network has, something else."""
    names = [member.filename.removesuffix(".npy") for member in archive.infolist()]
    if len(set(names)) < len(names):
        raise ValueError("a parameter twice")
    _check_names(set(names) - {_DESCRIPTION}, shapes)
    needed = 4 * sum(map(math.prod, shapes.values()))
    if needed > _MAX_EXPANSION * size:
        raise ValueError(f"{size} bytes for {needed} bytes of parameters")


def _check_names(names: Iterable[str], shapes: Mapping[str, tuple[int, ...]]) -> None:
    missing, others = shapes.keys() - set(names), set(names) - shapes.keys()
    if missing or others:
        raise _unlike("lacks", min(missing)) if missing else _unlike("has", min(others))


def _unlike(what: str, name: str) -> ValueError:
    return ValueError(f"{what} {name}, unlike the network that it describes")


def _parameter(archive: zipfile.ZipFile, name: str, expected: tuple[int, ...]) -> np.ndarray:
    member = archive.getinfo(f"{name}.npy")
    if member.compress_type not in _COMPRESSIONS:
        raise ValueError(f"{name}: compression {member.compress_type}")
    with archive.open(member) as file:
        shape, in_columns, kind, size = _header(file)
        if kind + str(size) != "<f4" or shape != expected:
            raise ValueError(
                f"{name}: {kind}{size} {shape}; expected <f4 {expected}, as the network's"
            )
        content = file.read(4 * math.prod(shape))
        if file.read(1):
            raise ValueError(f"{name}: more than an array")
    array = np.frombuffer(content, "<f4").reshape(shape, order="F" if in_columns else "C")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: not finite")
    return array.copy()


def _header(file: Any) -> tuple[tuple[int, ...], bool, str, int]:
    """Shape, whether in Fortran's order, kind and size of the numbers, of an array's file.

    NumPy takes its header for an expression of Python, and fails in as many ways.
    """
    start = file.read(len(_MAGIC) + 2)
    text = file.read(int.from_bytes(start[-2:], "little"))
    match = _HEADER.fullmatch(text)
    if not start.startswith(_MAGIC) or not match:
        raise ValueError("no header of an array")
    shape = tuple(int(side) for side in re.findall(rb"\d+", match["shape"]))
    return shape, match["in_columns"] == b"True", match["kind"].decode(), int(match["size"])


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
