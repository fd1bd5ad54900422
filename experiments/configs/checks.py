"""What the fields of a configuration may be, each alone and together."""

import math
from collections.abc import Mapping
from typing import Any

from ml_collections import ConfigDict

from data.moving_mnist.digits import SOURCES
from data.moving_mnist.generator import PIXELS, SPEEDS
from experiments.configs.recipes import NAMES
from experiments.console.errors import UserError, nearest
from vstm.compiler import PRECISIONS
from vstm.losses.reconstruction import LOSSES
from vstm.metrics.frames import SSIM_WINDOW
from vstm.ops.convolution.convolve import IMPLEMENTATIONS
from vstm.training.optimizer import OPTIMIZERS, SCHEDULES
from vstm.variants import VARIANTS, get_variant

_CHOICES = {
    "variant": tuple(VARIANTS),
    "recipe": ("", *NAMES),
    "loss": tuple(LOSSES),
    "convolution": IMPLEMENTATIONS,
    "precision": PRECISIONS,
    "data.name": ("moving_mnist", "video"),
    "data.digits": SOURCES,
    "data.pixels": ("auto", *PIXELS),
    "data.speed": SPEEDS,
    "optimizer.name": OPTIMIZERS,
    "optimizer.schedule": SCHEDULES,
}
_MAX_SEED = 2**32 - 1  # JAX's keys keep no more of a seed
_MAX_COUNT = 2**31 - 1  # updates are counted in int32
_MAX_BATCH = 2**16
_MAX_FRAMES = 10_000
_MAX_SIDE = 4_096
_MAX_WIDTH = 64
_MAX_KERNEL = 255
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
    "data.image_size": 1,
    "data.sequence_length": 2,
    "data.num_train": 1,
    "data.num_validation": 1,
    "data.num_test": 1,
    "optimizer.clip_global_norm": 0,
    "optimizer.clip_elements": 0,
    "train.batch_size": 1,
    "train.num_sequences": 1,
    "train.num_targets": 0,
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
_AT_MOST = {
    "seed": _MAX_SEED,
    "memory.width": _MAX_WIDTH,
    "memory.kernel_size": _MAX_KERNEL,
    "flow_head.photometric_share": 1,
    "data.seed": _MAX_SEED,
    "data.image_size": _MAX_SIDE,
    "data.sequence_length": _MAX_FRAMES,
    "data.num_train": _MAX_COUNT,
    "data.num_validation": _MAX_COUNT,
    "data.num_test": _MAX_COUNT,
    "video.max_pan": _MAX_SIDE,
    "video.window_stride": _MAX_COUNT,
    "train.batch_size": _MAX_BATCH,
    "train.num_sequences": _MAX_COUNT,
    "evaluation.batch_size": _MAX_BATCH,
}
_ABOVE_ZERO = (
    "memory.width",
    "memory.initial_range",
    "smoothness.delta",
    "optimizer.learning_rate",
    "optimizer.flow_head_rate",
    "optimizer.memory_rate",
)


def check_choices(fields: Mapping[str, Any]) -> None:
    """Refuses names that are not known.

    Args:
      fields: values of the right types, by dotted path; None where a recipe is to set one.

    Raises:
      UserError: names the field, the nearest and all known names.
    """
    for path, choices in _CHOICES.items():
        if fields[path] is not None and fields[path] not in choices:
            raise UserError(f"config.{path}={fields[path]!r}: {nearest(fields[path], choices)}")


def check_ranges(fields: Mapping[str, Any]) -> None:
    """Refuses numbers outside their ranges.

    Args:
      fields: values of the right types, by dotted path.

    Raises:
      UserError: names the field and its range.
    """
    for path, value in fields.items():
        if isinstance(value, float) and math.isinf(value):
            raise UserError(f"config.{path}={value}: expected a finite number")
    for path, least in _AT_LEAST.items():
        if not fields[path] >= least:
            raise UserError(f"config.{path}={fields[path]}: expected at least {least}")
    for path, most in _AT_MOST.items():
        if not fields[path] <= most:
            raise UserError(f"config.{path}={fields[path]}: expected at most {most}")
    for path in _ABOVE_ZERO:
        if not fields[path] > 0:
            raise UserError(f"config.{path}={fields[path]}: expected a number above 0")


def check_together(config: ConfigDict) -> None:
    """Refuses fields that do not go with each other.

    Args:
      config: each field of which is right alone, with nothing left to decide.

    Raises:
      UserError: names the field that should be another.
    """
    _check_windows(config)
    _check_frames(config)
    _check_model(config)
    if config.data.digits == "idx" and not config.data.directory:
        raise UserError("config.data.directory: expected the folder of the idx files, got ''")
    if config.data.digits == "tfds" and not config.data.tfds_name:
        raise UserError("config.data.tfds_name: expected the name of a TFDS data set, got ''")


def _check_windows(config: ConfigDict) -> None:
    num_targets = config.train.num_targets
    if config.tau + 1 > config.data.sequence_length:
        raise UserError(
            f"config.tau={config.tau}: tau + 1 frames are needed, sequences have "
            f"config.data.sequence_length={config.data.sequence_length}"
        )
    if num_targets > config.tau:
        raise UserError(
            f"config.train.num_targets={num_targets}: expected at most config.tau={config.tau}, or "
            "0 for as many as suit it"
        )
    if config.segment and num_targets > 1:
        raise UserError(
            f"config.segment={config.segment}: config.train.num_targets={num_targets} needs the "
            "outputs of several frames; expected 0"
        )
    if config.segment and config.flow_head.recurrent:
        raise UserError(
            f"config.segment={config.segment}: config.flow_head.recurrent needs the memory's "
            "outputs of all frames; expected 0"
        )


def _check_frames(config: ConfigDict) -> None:
    size, downsampling = config.data.image_size, get_variant(config.variant).downsampling
    if size % downsampling:
        raise UserError(
            f"config.data.image_size={size}: expected a multiple of {downsampling}, which the "
            f"poolings of {config.variant} divide by"
        )
    if config.data.name != "video":
        return
    if size < SSIM_WINDOW:
        raise UserError(
            f"config.data.image_size={size}: expected at least {SSIM_WINDOW}, the window of SSIM"
        )
    if not config.video.directory:
        raise UserError(
            "config.video.directory: expected the folder that `python -m data.prepare` wrote, "
            "got ''"
        )
    if config.video.max_pan and not config.video.random_crops:
        raise UserError(
            f"config.video.max_pan={config.video.max_pan}: moves the squares of "
            "config.video.random_crops, which is False"
        )


def _check_model(config: ConfigDict) -> None:
    for choice in ("residual", "normalise_contrast"):
        if config[choice] and config.loss == "bce":
            raise UserError(f"config.{choice}=True: is for intensities, not for loss=bce's logits")
    kernel_size = config.memory.kernel_size
    if kernel_size % 2 == 0:
        raise UserError(f"config.memory.kernel_size={kernel_size}: expected an odd number")
    if kernel_size != 7 and get_variant(config.variant).memory == "fc":
        raise UserError(
            f"config.memory.kernel_size={kernel_size}: {config.variant} has no convolutions in its "
            "memory; expected 7"
        )
