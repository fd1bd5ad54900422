"""From a resolved configuration to sources, batches, model and optimiser."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.traverse_util import flatten_dict, unflatten_dict

from data.clips.prepared_clips import PreparedClips
from data.clips.windows import CentreSquares, VideoWindows
from data.moving_mnist.digits import load_digits
from data.moving_mnist.generator import MovingMNIST
from data.moving_mnist.published import PublishedTestSet
from experiments.configs.config import Config, model_config, moving_mnist_options
from experiments.console.errors import UserError
from vstm.inference.model_file import load_model
from vstm.model import Autoencoder
from vstm.training.optimizer import learning_rate_schedule, make_optimizer

CHANNELS = 1
Source = MovingMNIST | PublishedTestSet | CentreSquares


def source(config: Config, split: str) -> MovingMNIST | CentreSquares:
    """Sequences of one split, by index, always the same.

    Raises:
      UserError: the data cannot be read; the message names the file.
    """
    if config.data.name == "moving_mnist":
        return moving_mnist(config, split)
    return CentreSquares(video_windows(config, split), config.data.image_size)


def frames_of(source: Source, index: int) -> np.ndarray:
    """Frames of a sequence, float32 [T, H, W, C].

    Raises:
      UserError: they cannot be read; the message names the file.
    """
    try:
        return source[index]["frames"]
    except (OSError, ValueError) as error:
        raise UserError(f"the sequences cannot be read: {error}") from error


def video_windows(config: Config, split: str) -> VideoWindows:
    """Windows of the prepared clips of one split.

    Raises:
      UserError: the folder cannot be read, or has none; the message says why.
    """
    directory = config.video.directory
    try:
        return _windows(config, directory, split, config.video.division)
    except (OSError, ValueError) as error:
        raise UserError(f"config.video.directory={directory}: {error}") from error


def prepared_test_set(config: Config, directory: str) -> CentreSquares:
    """Test sequences of a prepared folder, of the length and size that the model was trained on.

    Raises:
      UserError: the folder cannot be read, or has none; the message says why.
    """
    try:
        return CentreSquares(_windows(config, directory, "test", 1), config.data.image_size)
    except (OSError, ValueError) as error:
        raise UserError(f"{directory}: {error}") from error


def _windows(config: Config, directory: str, split: str, division: int) -> VideoWindows:
    return VideoWindows(
        PreparedClips(Path(directory)),
        split,
        config.data.sequence_length,
        window_stride=config.video.window_stride,
        division=division,
        max_windows=config.data[f"num_{split}"],
    )


def moving_mnist(config: Config, split: str) -> MovingMNIST:
    """Source of one split.

    Raises:
      UserError: the digits cannot be read; the message names the file.
    """
    data, made = config.data, config.moving_mnist
    try:
        digits = load_digits(made.digits, split, made.directory, made.tfds_name)
    except (OSError, ValueError) as error:
        raise UserError(str(error)) from error
    num_sequences = data[f"num_{split}"]
    options = moving_mnist_options(made, data)
    return MovingMNIST(digits, split, num_sequences, seed=made.seed, options=options)


def published_test_set(config: Config, path: str) -> PublishedTestSet:
    """The published test set, in the pixels that the model was trained on.

    Raises:
      UserError: unreadable, or of another size than the model's.
    """
    try:
        source = PublishedTestSet(Path(path), config.moving_mnist.pixels)
    except (OSError, ValueError) as error:
        raise UserError(str(error)) from error
    size = (config.data.image_size, config.data.image_size)
    if source.frame_size != size or source.sequence_length <= config.tau:
        raise UserError(
            f"{path}: {source.sequence_length} frames of {source.frame_size} pixels a sequence; "
            f"expected more than tau={config.tau} frames of {size}"
        )
    return source


def num_steps(config: Config) -> int:
    """Updates of the whole run."""
    return -(-config.train.num_sequences // config.train.batch_size)


def frame_shape(config: Config) -> tuple[int, int, int]:
    """(H, W, C) of a frame."""
    return config.data.image_size, config.data.image_size, CHANNELS


def make_model(config: Config) -> Autoencoder:
    """The autoencoder of the configuration."""
    return Autoencoder(
        model_config(config.model),
        convolution=config.convolution,
        precision=config.precision,
        segment=config.segment,
    )


def initial_params(config: Config, params: Any) -> Any:
    """The parameters that training begins with.

    Args:
      config: resolved configuration.
      params: freshly drawn ones.

    Returns:
      Those of `train.initial_model`, or the fresh ones where it names none, or where it lacks
      some, such as a recurrent flow head's gate; these are printed.

    Raises:
      UserError: it cannot be read, or is of another model.
    """
    path = config.train.initial_model
    if not path:
        return params
    try:
        _, initial = load_model(Path(path))
    except (OSError, ValueError) as error:
        raise UserError(f"config.train.initial_model: {error}") from error
    given, expected = flatten_dict(initial, sep="/"), flatten_dict(params, sep="/")
    for name, array in given.items():
        if name not in expected or array.shape != expected[name].shape:
            ours = list(expected[name].shape) if name in expected else "none"
            raise UserError(
                f"config.train.initial_model={path}: another network's; its {name} is "
                f"{list(array.shape)}, this configuration's {ours}"
            )
    fresh = sorted(expected.keys() - given.keys())
    if fresh:
        print(f"{path}: lacks {', '.join(fresh)}; freshly drawn", flush=True)
    return jax.tree.map(jnp.asarray, unflatten_dict(expected | given, sep="/"))


def make_schedule(config: Config) -> optax.Schedule:
    """Learning rate by update."""
    num_train = config.data.num_train
    if config.data.name == "video" and config.optimizer.schedule == "halving":  # counts epochs
        num_train = len(video_windows(config, "train"))
    return learning_rate_schedule(
        config.optimizer.schedule,
        config.optimizer.learning_rate,
        num_steps=num_steps(config),
        steps_per_epoch=num_train / config.train.batch_size,
    )


def photometric_weight(config: Config) -> optax.ScalarOrSchedule:
    """Weight of the photometric loss, by update where it falls."""
    weight, share = config.flow_loss.photometric_weight, config.flow_loss.photometric_share
    if not weight or not share:
        return weight
    return optax.linear_schedule(weight, 0.0, max(1, round(share * num_steps(config))))


def make_tx(config: Config) -> optax.GradientTransformation:
    """Gradient clipping and optimiser."""
    return make_optimizer(
        config.optimizer.name,
        make_schedule(config),
        clip_elements=config.optimizer.clip_elements,
        clip_global_norm=config.optimizer.clip_global_norm,
        module_rates={
            "flow_head": config.optimizer.flow_head_rate,
            "memory": config.optimizer.memory_rate,
        },
    )
