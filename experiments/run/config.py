"""Reading, checking and comparing configurations."""

import json
import math
from pathlib import Path

from ml_collections import ConfigDict as Config

from data.digits import SOURCES
from data.moving_mnist import PIXELS, SPEEDS, MovingMNISTOptions
from experiments.configs import default
from experiments.run.errors import UserError, nearest
from experiments.run.fields import check_path, flatten
from vstm.convolution import IMPLEMENTATIONS
from vstm.losses import LOSSES
from vstm.metrics import SSIM_WINDOW
from vstm.optimizer import OPTIMIZERS, SCHEDULES
from vstm.variants import VARIANTS, get_variant

_CHOICES = {
    "variant": tuple(VARIANTS),
    "loss": tuple(LOSSES),
    "convolution": IMPLEMENTATIONS,
    "data.name": ("moving_mnist", "video"),
    "data.digits": SOURCES,
    "data.pixels": ("auto", *PIXELS),
    "data.speed": SPEEDS,
    "optimizer.name": OPTIMIZERS,
    "optimizer.schedule": SCHEDULES,
}
_AT_LEAST = {
    "tau": 1,
    "segment": 0,
    "memory.kernel_size": 1,
    "seed": 0,
    "smoothness.weight": 0,
    "flow_head.sparsity_weight": 0,
    "flow_head.photometric_weight": 0,
    "flow_head.photometric_share": 0,
    "video.division": 1,
    "video.window_stride": 1,
    "video.max_pan": 0,
    "data.seed": 0,
    "data.num_train": 1,
    "data.num_validation": 1,
    "data.num_test": 1,
    "optimizer.clip_global_norm": 0,
    "optimizer.clip_elements": 0,
    "train.batch_size": 1,
    "train.num_sequences": 1,
    "train.num_targets": 1,
    "train.log_every_steps": 1,
    "train.image_every_steps": 1,
    "train.validate_every_steps": 1,
    "train.checkpoint_every_steps": 1,
    "train.keep_checkpoints": 1,
    "evaluation.batch_size": 1,
    "evaluation.num_while_training": 1,
    "evaluation.num_validation": 1,
    "evaluation.num_test": 1,
}
_ABOVE_ZERO = (
    "memory.width",
    "memory.initial_range",
    "smoothness.delta",
    "optimizer.learning_rate",
    "optimizer.flow_head_rate",
    "optimizer.memory_rate",
)
_MAX_SEED = 2**32 - 1  # JAX's keys keep no more of a seed
_AT_MOST = {"seed": _MAX_SEED, "data.seed": _MAX_SEED, "flow_head.photometric_share": 1}


def resolve(config: Config) -> Config:
    """A checked copy with nothing left to decide (`auto` replaced by what it stands for).

    Raises:
      UserError: a field that is unknown, missing, of another type or outside its range.
    """
    fields, expected = flatten(config), flatten(default.get_config())
    for path in fields:
        check_path(path)
    for path, value in expected.items():
        if path not in fields:
            raise UserError(f"config.{path}: missing; the default is {value!r}")
        wanted = (int, float) if isinstance(value, float) else (type(value),)
        if not isinstance(fields[path], wanted) or (
            isinstance(fields[path], bool) and bool not in wanted
        ):
            raise UserError(f"config.{path}: expected {type(value).__name__}, got {fields[path]!r}")
        if isinstance(value, float) and math.isinf(fields[path]):
            raise UserError(f"config.{path}={fields[path]}: expected a finite number")
    for path, choices in _CHOICES.items():
        if fields[path] not in choices:
            raise UserError(f"config.{path}={fields[path]!r}: {nearest(fields[path], choices)}")
    for path, least in _AT_LEAST.items():
        if not fields[path] >= least:
            raise UserError(f"config.{path}={fields[path]}: expected at least {least}")
    for path, most in _AT_MOST.items():
        if not fields[path] <= most:
            raise UserError(f"config.{path}={fields[path]}: expected at most {most}")
    for path in _ABOVE_ZERO:
        if not fields[path] > 0:
            raise UserError(f"config.{path}={fields[path]}: expected a number above 0")
    resolved = config.copy_and_resolve_references()
    if resolved.data.pixels == "auto":
        resolved.data.pixels = "binary" if resolved.loss == "bce" else "float"
    resolved.train.num_targets = min(resolved.train.num_targets, resolved.tau)
    if resolved.data.name == "moving_mnist":
        try:
            moving_mnist_options(resolved)
        except ValueError as error:
            raise UserError(f"config.data.{error}") from error
    _check_sizes(resolved)
    return resolved


def moving_mnist_options(config: Config) -> MovingMNISTOptions:
    """The generator's options of a configuration with `auto` replaced.

    Raises:
      ValueError: an option outside its range; the message starts with its name.
    """
    data = config.data
    return MovingMNISTOptions(
        pixels=data.pixels,
        lines=data.lines,
        num_digits=data.num_digits,
        image_size=data.image_size,
        sequence_length=data.sequence_length,
        step=data.step,
        speed=data.speed,
    )


def _check_sizes(config: Config) -> None:
    if config.tau + 1 > config.data.sequence_length:
        raise UserError(
            f"config.tau={config.tau}: tau + 1 frames are needed, sequences have "
            f"config.data.sequence_length={config.data.sequence_length}"
        )
    downsampling = get_variant(config.variant).downsampling
    if config.data.image_size % downsampling:
        raise UserError(
            f"config.data.image_size={config.data.image_size}: expected a multiple of "
            f"{downsampling}, which the poolings of {config.variant} divide by"
        )
    if config.data.name == "video" and config.data.image_size < SSIM_WINDOW:
        raise UserError(
            f"config.data.image_size={config.data.image_size}: expected at least {SSIM_WINDOW}, "
            "the window of SSIM"
        )
    if config.data.name == "video" and not config.video.directory:
        raise UserError(
            "config.video.directory: expected the folder that `python -m data.prepare` wrote, "
            "got ''"
        )
    if config.video.max_pan and not config.video.random_crops:
        raise UserError(
            f"config.video.max_pan={config.video.max_pan}: moves the squares of "
            "config.video.random_crops, which is False"
        )
    for choice in ("residual", "normalise_contrast"):
        if config[choice] and config.loss == "bce":
            raise UserError(f"config.{choice}=True: is for intensities, not for loss=bce's logits")
    if config.memory.kernel_size % 2 == 0:
        raise UserError(
            f"config.memory.kernel_size={config.memory.kernel_size}: expected an odd number"
        )
    if config.memory.kernel_size != 7 and get_variant(config.variant).memory == "fc":
        raise UserError(
            f"config.memory.kernel_size={config.memory.kernel_size}: {config.variant} has no "
            "convolutions in its memory; expected 7"
        )
    if config.segment and config.train.num_targets > 1:
        raise UserError(
            f"config.segment={config.segment}: config.train.num_targets="
            f"{config.train.num_targets} needs the outputs of several frames; expected 0"
        )
    if config.segment and config.flow_head.recurrent:
        raise UserError(
            f"config.segment={config.segment}: config.flow_head.recurrent needs the memory's "
            "outputs of all frames; expected 0"
        )
    if config.data.digits == "idx" and not config.data.directory:
        raise UserError("config.data.directory: expected the folder of the idx files, got ''")


def to_json(config: Config) -> str:
    """The configuration as indented JSON, fields in alphabetic order."""
    return json.dumps(config.to_dict(), indent=2, sort_keys=True) + "\n"


def read_json(path: Path) -> Config:
    """A resolved configuration that `to_json` wrote.

    Raises:
      UserError: no such file, not JSON, or not a valid configuration; the message names it.
    """
    try:
        fields = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; expected the folder of a training run") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not a JSON file ({error})") from error
    if not isinstance(fields, dict):
        raise UserError(f"{path}: not a configuration")
    try:
        return resolve(Config(fields))
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def differences(ours: Config, theirs: Config) -> list[str]:
    """Fields in which two configurations differ, as `path: ours / theirs`."""
    a, b = flatten(ours), flatten(theirs)
    return [f"{path}: {a[path]!r} / {b[path]!r}" for path in sorted(a) if a[path] != b[path]]
