"""From a resolved configuration to sources, model and optimiser."""

import functools
from pathlib import Path

import jax
import optax

from data.digits import load_digits
from data.moving_mnist import MovingMNIST
from data.published_test_set import PublishedTestSet
from experiments.config import Config, moving_mnist_options
from experiments.errors import UserError
from vstm.autoencoder import Autoencoder
from vstm.optimizer import learning_rate_schedule, make_optimizer
from vstm.variants import get_variant

CHANNELS = 1


def moving_mnist(config: Config, split: str) -> MovingMNIST:
    """Source of one split.

    Raises:
      UserError: the digits cannot be read; the message names the file.
    """
    data = config.data
    try:
        digits = load_digits(data.digits, split, data.directory, data.tfds_name)
    except (OSError, ValueError) as error:
        raise UserError(str(error)) from error
    num_sequences = data[f"num_{split}"]
    options = moving_mnist_options(config)
    return MovingMNIST(digits, split, num_sequences, seed=data.seed, options=options)


def published_test_set(config: Config, path: str) -> PublishedTestSet:
    """The published test set, in the pixels that the model was trained on.

    Raises:
      UserError: unreadable, or of another size than the model's.
    """
    try:
        source = PublishedTestSet(Path(path), config.data.pixels)
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
        get_variant(config.variant),
        smoothness_delta=config.smoothness.delta,
        smoothness_weight=config.smoothness.weight,
        convolution=config.convolution,
        segment=config.segment,
    )


def make_schedule(config: Config) -> optax.Schedule:
    """Learning rate by update."""
    return learning_rate_schedule(
        config.optimizer.schedule,
        config.optimizer.learning_rate,
        num_steps=num_steps(config),
        steps_per_epoch=config.data.num_train / config.train.batch_size,
    )


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


def compiler_options() -> dict[str, str]:
    """Options for `jax.jit` of the model on the present platform.

    On the CPU, products and convolutions go to XLA's library kernels, which makes an update of
    conv-1enc-1LSTM about 1.5 times as fast (batch 8, two cores of an AMD EPYC with AVX-512); and
    operations are ordered by the memory that they need, which takes a fifth from that of the
    variants with two layers. An XLA that doesn't know an option compiles without it.
    """
    if jax.default_backend() != "cpu":
        return {}
    options = {
        "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_DOT",
        "xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED",
    }
    return {name: value for name, value in options.items() if _compiles_with(name, value)}


@functools.cache
def _compiles_with(option: str, value: str) -> bool:
    try:
        jax.jit(lambda: 0, compiler_options={option: value})()
    except jax.errors.JaxRuntimeError:
        return False
    return True
