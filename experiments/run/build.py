"""From a resolved configuration to sources, batches, model and optimiser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import optax

from data.moving_mnist.generator import MovingMNIST
from data.moving_mnist.published import PublishedTestSet
from data.registry import DATA_SETS
from data.sequences import SequenceOptions
from data.sources import DataSet, Source, TrainingSource
from experiments.configs.config import Config, options_of
from experiments.console.errors import UserError
from vstm.inference.model_file import MODEL_FILE, load_model
from vstm.model import Autoencoder
from vstm.training.optimizer import learning_rate_schedule, make_optimizer
from vstm.training.sharding import BATCH_AXIS, Devices
from vstm.training.update import TrainStep, make_train_step

CHANNELS = 1
_OF_TRAINING = ("memory_initial_range", "returning_gradient")  # which no prediction shows


def source(config: Config, split: str) -> Source:
    """Sequences of one split, by index, always the same.

    Raises:
      UserError: the data cannot be read; the message names the file.
    """
    data_set, options, sequences = _data_set(config)
    with _named(config):
        return data_set.open_split(options, sequences, split)


def training_source(config: Config) -> TrainingSource:
    """What training reads; errors as `source`."""
    data_set, options, sequences = _data_set(config)
    opened = data_set.open_on_device if config.train.frames_on_device else data_set.open_training
    assert opened is not None  # a resolved configuration asks only for what there is
    with _named(config):
        return opened(options, sequences)


def _data_set(config: Config) -> tuple[DataSet[Any], Any, SequenceOptions]:
    name = config.data.name
    return DATA_SETS[name], options_of(config, name), options_of(config, "data")


@contextmanager
def _named(config: Config) -> Iterator[None]:
    """Reports read errors as user errors, which name the data set's section."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise UserError(f"config.{config.data.name}: {error}") from error


def prepared_test_set(config: Config, directory: str) -> Source:
    """Test sequences of a prepared folder, of the length and size that the model was trained on.

    Raises:
      UserError: the folder cannot be read, or has none; the message says why.
    """
    options = replace(options_of(config, "video"), directory=directory, division=1)
    try:
        return DATA_SETS["video"].open_split(options, options_of(config, "data"), "test")
    except (OSError, ValueError) as error:
        raise UserError(str(error)) from error


def moving_mnist(config: Config, split: str) -> MovingMNIST:
    """`source` of moving MNIST, with its ground truth."""
    made = source(config, split)
    assert isinstance(made, MovingMNIST)
    return made


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
            f"{path}: {source.sequence_length} frames of {source.frame_size} pixels per sequence; "
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
        options_of(config, "model"),
        convolution=config.convolution,
        precision=config.precision,
        segment=config.segment,
        unroll=config.unroll,
    )


def model_of_run(config: Config, folder: Path) -> Any:
    """The parameters in a run's model file.

    Raises:
      OSError, ValueError: it cannot be read, or is of another network than the configuration; the
        message names it.
    """
    described, params = load_model(folder)
    theirs, ours = described.to_fields(), options_of(config, "model").to_fields()
    for name, value in theirs.items():
        if value != ours[name] and name not in _OF_TRAINING:
            raise ValueError(
                f"{folder / MODEL_FILE}: of a network with {name}={value!r}; expected "
                f"{ours[name]!r}, as the run's configuration says"
            )
    return params


def make_schedule(config: Config, num_train: int) -> optax.Schedule:
    """Learning rate by update.

    Args:
      config: resolved configuration.
      num_train: training sequences that there are, by which epochs are counted.
    """
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


def train_step(config: Config, tx: optax.GradientTransformation, devices: Devices) -> TrainStep:
    """The update of the configuration, to be taken `over` the devices and compiled."""
    return make_train_step(
        make_model(config),
        devices.optimizer(tx),
        loss=config.loss,
        tau=config.tau,
        num_targets=config.train.num_targets,
        frames_ahead=config.train.frames_ahead,
        smoothness_delta=config.flow_loss.smoothness_delta,
        smoothness_weight=config.flow_loss.smoothness_weight,
        sparsity_weight=config.flow_loss.sparsity_weight,
        edge_aware_weight=config.flow_loss.edge_aware_weight,
        photometric_weight=photometric_weight(config),
        photometric_penalty=config.flow_loss.photometric_penalty,
        exclude_occluded=config.flow_loss.exclude_occluded,
        relative=config.train.relative_loss,
        parts=config.train.parts,
        axis=BATCH_AXIS,
        mesh=devices.mapped_alone,
    )


def devices(config: Config) -> Devices:
    """Those that share each batch.

    Raises:
      UserError: there are several processes, and the batch has no equal part for each device.
    """
    size, shard = config.train.batch_size, config.train.shard_optimizer
    try:
        return Devices.sharing(size, config.train.parts, shard_optimizer=shard)
    except ValueError as error:
        raise UserError(f"config.train.batch_size={size}: {error}") from error


def make_tx(config: Config, num_train: int) -> optax.GradientTransformation:
    """Gradient clipping and optimiser; `num_train` as of `make_schedule`."""
    return make_optimizer(
        config.optimizer.name,
        make_schedule(config, num_train),
        clip_elements=config.optimizer.clip_elements,
        clip_global_norm=config.optimizer.clip_global_norm,
        module_rates={
            "flow_head": config.optimizer.flow_head_rate,
            "memory": config.optimizer.memory_rate,
            "decoder": config.optimizer.decoder_rate,
        },
    )
