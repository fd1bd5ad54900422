"""Checks of fields against each other.

Each field alone is checked by `default.FIELDS` or by the dataclass of its section.
"""

from ml_collections import ConfigDict

from data.registry import DATA_SETS
from experiments.console.errors import UserError
from vstm.losses import LOSSES
from vstm.metrics.frames import SSIM_WINDOW

_MAX_BYTES = 2**36  # of a batch's frames, more than which no device holds


def check_together(config: ConfigDict) -> None:
    """Refuses fields that contradict each other.

    Args:
      config: resolved; each field is valid by itself.

    Raises:
      UserError: names the field to change.
    """
    _check_windows(config)
    if config.train.batch_size % config.train.parts:
        raise UserError(
            f"config.train.parts={config.train.parts}: expected a divisor of "
            f"config.train.batch_size={config.train.batch_size}"
        )
    _check_frames(config)
    _check_device(config)
    _check_batches(config)
    _check_loss(config)


def _check_windows(config: ConfigDict) -> None:
    num_targets = config.train.num_targets
    if config.tau + 1 > config.data.sequence_length:
        raise UserError(
            f"config.tau={config.tau}: tau + 1 frames are needed, sequences have "
            f"config.data.sequence_length={config.data.sequence_length}"
        )
    ahead = config.train.frames_ahead
    if config.tau + ahead > config.data.sequence_length:
        raise UserError(
            f"config.train.frames_ahead={ahead}: tau + {ahead} frames are needed, sequences have "
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
    for field in ("recurrent_flow", "tracking"):
        if config.segment and config.model[field]:
            raise UserError(
                f"config.segment={config.segment}: config.model.{field} needs the memory's outputs "
                "of all frames; expected 0"
            )


def _check_frames(config: ConfigDict) -> None:
    size = config.data.image_size
    if config.model.frame_size != (size, size):
        raise UserError(
            f"config.model.frame_size={config.model.frame_size}: expected {(size, size)}, that of "
            f"config.data.image_size={size}; leave it open"
        )
    if size < SSIM_WINDOW:
        raise UserError(
            f"config.data.image_size={size}: expected at least {SSIM_WINDOW}, the window of SSIM"
        )


def _check_device(config: ConfigDict) -> None:
    name = config.data.name
    if config.train.frames_on_device and DATA_SETS[name].open_on_device is None:
        able = [other for other, data_set in DATA_SETS.items() if data_set.open_on_device]
        raise UserError(
            f"config.train.frames_on_device=True: those of config.data.name={name} are made by the "
            f"host; expected False, or config.data.name={' or '.join(able)}"
        )


def _check_batches(config: ConfigDict) -> None:
    data = config.data
    for section in ("train", "evaluation"):
        size = 4 * config[section].batch_size * data.sequence_length * data.image_size**2
        if size > _MAX_BYTES:
            raise UserError(
                f"config.{section}.batch_size={config[section].batch_size}: its frames take "
                f"{size / 2**30:.0f} GiB, {data.sequence_length} of {data.image_size}x"
                f"{data.image_size} pixels a sequence; expected {_MAX_BYTES / 2**30:.0f} GiB at "
                "most"
            )


def _check_loss(config: ConfigDict) -> None:
    output = LOSSES[config.loss].output
    if config.model.output != output:
        raise UserError(
            f"config.model.output={config.model.output!r}: expected {output!r}, which "
            f"config.loss={config.loss} takes; leave it open"
        )
