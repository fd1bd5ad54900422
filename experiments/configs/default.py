"""Every field of an experiment's configuration: its default, its range and what it means.

The fields of section `model` are those of `vstm.ModelConfig`, which checks them; they are left open
and taken from the variant. A new field also has a line in `formats.py`, so that earlier runs stay
readable. Imports nothing heavy, as flags are defined with it.
"""

import dataclasses
from typing import Any

from ml_collections import ConfigDict
from ml_collections.config_dict import placeholder

from experiments.configs.field import Field
from vstm.modules.model_config import ModelConfig
from vstm.variants import VARIANTS

MAX_SEED = 2**32 - 1  # JAX's keys keep no more of a seed
MAX_COUNT = 2**31 - 1  # updates are counted in int32
MAX_BATCH = 2**16
MAX_FRAMES = 10_000
MAX_SIDE = 4_096

FIELDS: dict[str, Field] = {
    "variant": Field("conv-1enc-1LSTM", tuple(VARIANTS)),  # the architecture, where `model` is open
    "recipe": Field("", ("", "fast", "quick", "paper")),  # sets what nobody set
    "loss": Field("bce", "vstm.losses:LOSSES"),
    "tau": Field(10, at_least=1),  # frames fed in; the next one is predicted
    "convolution": Field("auto", "vstm.ops.convolution.convolve:IMPLEMENTATIONS"),
    "precision": Field("float32", "vstm.compiler:PRECISIONS"),  # of accelerators' products
    "segment": Field(0, at_least=0),  # frames kept for the backward pass, others recomputed; 0: all
    "seed": Field(0, at_least=0, at_most=MAX_SEED),  # of initial parameters, batches and windows
    # The losses of the flow
    "flow_loss.smoothness_delta": Field(1e-3, above=0),  # Huber's delta, feature pixels a pixel
    "flow_loss.smoothness_weight": Field(1e-2, at_least=0),  # w_H
    "flow_loss.sparsity_weight": Field(0.0, at_least=0),  # of mean |flow|, against flow on nothing
    "flow_loss.photometric_weight": Field(0.0, at_least=0),  # of the last frame's, warped, error
    "flow_loss.photometric_share": Field(0.5, at_least=0, at_most=1),  # of the run, in which the
    # photometric weight falls to zero; 0: it stays
    # Sequences
    "data.name": Field("moving_mnist", ("moving_mnist", "video")),
    "data.image_size": Field(64, at_least=1, at_most=MAX_SIDE),  # pixels, square
    "data.sequence_length": Field(20, at_least=2, at_most=MAX_FRAMES),  # windows are drawn from it
    "data.num_train": Field(10_000, at_least=1, at_most=MAX_COUNT),  # of video, at most so many
    "data.num_validation": Field(3_000, at_least=1, at_most=MAX_COUNT),
    "data.num_test": Field(3_000, at_least=1, at_most=MAX_COUNT),
    # Moving MNIST
    "moving_mnist.seed": Field(0, at_least=0, at_most=MAX_SEED),  # of the sequences themselves
    "moving_mnist.digits": Field("embedded", "data.moving_mnist.digits:SOURCES"),
    "moving_mnist.directory": Field(""),  # of the idx files, or TFDS's data folder
    "moving_mnist.tfds_name": Field("mnist"),  # TFDS data set, for digits=tfds
    "moving_mnist.pixels": Field("auto", ("auto", "binary", "float")),  # auto: by the loss
    "moving_mnist.lines": Field(False),  # one fixed vertical and one fixed horizontal line
    "moving_mnist.num_digits": Field(2),
    "moving_mnist.step": Field(0.1),  # way of a digit a frame, share of the free path
    "moving_mnist.speed": Field("constant", "data.moving_mnist.generator:SPEEDS"),
    # Video
    "video.directory": Field(""),  # folder that `python -m data.prepare` wrote
    "video.division": Field(1, at_least=1),  # of the data set into splits; HMDB-51 has 1 to 3
    "video.window_stride": Field(1, at_least=1, at_most=MAX_COUNT),  # frames between two starts
    "video.random_crops": Field(True),  # in training: squares of random size and place
    "video.max_pan": Field(0.0, at_least=0, at_most=MAX_SIDE),  # of such squares, pixels a frame
    "video.random_flips": Field(True),  # in training: every second sequence mirrored
    "video.random_reversals": Field(False),  # in training: every second sequence backwards
    # The update
    "optimizer.name": Field("muon", "vstm.training.optimizer:OPTIMIZERS"),
    "optimizer.learning_rate": Field(4e-3, above=0),
    "optimizer.schedule": Field("cosine", "vstm.training.optimizer:SCHEDULES"),
    "optimizer.clip_global_norm": Field(1.0, at_least=0),  # 0: none
    "optimizer.flow_head_rate": Field(0.3, above=0),  # factor on the flow head's learning rate
    "optimizer.memory_rate": Field(0.3, above=0),  # factor on the memory's learning rate
    "optimizer.clip_elements": Field(0.0, at_least=0),  # 0: none
    # The run
    "train.batch_size": Field(4, at_least=1, at_most=MAX_BATCH),  # sequences an update
    "train.num_sequences": Field(6_000, at_least=1, at_most=MAX_COUNT),  # length of the run
    "train.num_targets": Field(0, at_least=0),  # last frames of a window that are predicted;
    # 1: the paper's; 0: min(8, tau)
    "train.initial_model": Field(""),  # run or model file whose parameters are gone on from
    "train.log_every_steps": Field(20, at_least=1),
    "train.image_every_steps": Field(200, at_least=1),
    "train.validate_every_steps": Field(500, at_least=1),
    "train.checkpoint_every_steps": Field(100, at_least=1),
    "train.keep_checkpoints": Field(2, at_least=1),
    # Scores
    "evaluation.batch_size": Field(32, at_least=1, at_most=MAX_BATCH),
    "evaluation.num_while_training": Field(256, at_least=1),  # validation sequences, at most
    "evaluation.num_validation": Field(1_000, at_least=1),  # in the end, at most
    "evaluation.num_test": Field(3_000, at_least=1),
}
"""Fields by dotted path, but those of section `model`."""

KINDS: dict[str, type] = {path: type(field.default) for path, field in FIELDS.items()} | {
    f"model.{field.name}": type(field.default) for field in dataclasses.fields(ModelConfig)
}
"""Types of all fields, by dotted path."""


def get_config() -> ConfigDict:
    """The defaults, with the model left open; what the recipes build on."""
    config = ConfigDict()
    for path, kind in KINDS.items():
        *sections, name = path.split(".")
        section: Any = config
        for part in sections:
            if part not in section:
                section[part] = ConfigDict()
            section = section[part]
        section[name] = FIELDS[path].default if path in FIELDS else placeholder(kind)
    return config
