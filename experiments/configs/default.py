"""The fields of an experiment's configuration: default, range and meaning.

Here, `FIELDS` has those of the experiment itself. Those of the sections `model`, `data` and of each
data set (`moving_mnist`, `scenes`, `video`) are documented and checked in the dataclasses that
`SECTIONS` names: `ModelConfig`, `SequenceOptions` and the options in `data`. Those of `model` are
left open and taken from the variant. A new field also has a line in `formats.py`, so that earlier
runs stay readable. Imports nothing heavy, as flags are defined with it.
"""

import dataclasses
from typing import Any

from ml_collections import ConfigDict
from ml_collections.config_dict import placeholder

from data.registry import DATA_SETS
from data.sequences import MAX_COUNT, MAX_SEED, SequenceOptions
from experiments.configs.field import Field
from vstm.modules.model_config import ModelConfig

MAX_BATCH = 2**16

FIELDS: dict[str, Field] = {
    "variant": Field("conv-1enc-1LSTM", "vstm.variants:VARIANTS"),  # where `model` is open
    "recipe": Field("", "experiments.configs.recipes:CHOICES"),  # sets what nobody set
    "loss": Field("bce", "vstm.losses:LOSSES"),
    "tau": Field(10, at_least=1),  # frames fed in; the next one is predicted
    "convolution": Field("auto", "vstm.ops.convolution.convolve:IMPLEMENTATIONS"),
    "precision": Field("float32", "vstm.compiler:PRECISIONS"),  # of accelerators' products
    "segment": Field(0, at_least=0),  # frames kept for the backward pass, others recomputed; 0: all
    "unroll": Field(1, at_least=1),  # frames in one iteration of the compiled recurrence
    "seed": Field(0, at_least=0, at_most=MAX_SEED),  # of initial parameters, batches and windows
    # The losses of the flow
    "flow_loss.smoothness_delta": Field(1e-3, above=0),  # Huber's delta, feature pixels per pixel
    "flow_loss.smoothness_weight": Field(1e-2, at_least=0),  # w_H
    "flow_loss.sparsity_weight": Field(0.0, at_least=0),  # of mean |flow|; against flow on flat
    # background
    "flow_loss.photometric_weight": Field(0.0, at_least=0),  # of the last frame's, warped, error
    "flow_loss.photometric_share": Field(0.5, at_least=0, at_most=1),  # of the run, in which the
    # photometric weight falls to zero; 0: it stays
    "flow_loss.photometric_penalty": Field("squared", "vstm.losses.photometric:PENALTIES"),
    "flow_loss.exclude_occluded": Field(False),  # from the photometric loss
    "flow_loss.edge_aware_weight": Field(0.0, at_least=0),  # of roughness where frames are smooth
    "data.name": Field("moving_mnist", tuple(DATA_SETS)),
    # The update
    "optimizer.name": Field("muon", "vstm.training.optimizer:OPTIMIZERS"),
    "optimizer.learning_rate": Field(4e-3, above=0),
    "optimizer.schedule": Field("cosine", "vstm.training.optimizer:SCHEDULES"),
    "optimizer.clip_global_norm": Field(1.0, at_least=0),  # 0: none
    "optimizer.flow_head_rate": Field(0.3, above=0),  # factor on the flow head's learning rate
    "optimizer.memory_rate": Field(0.3, above=0),  # factor on the memory's learning rate
    "optimizer.decoder_rate": Field(1.0, above=0),  # factor on the decoder's learning rate
    "optimizer.clip_elements": Field(0.0, at_least=0),  # 0: none
    # The run
    "train.batch_size": Field(4, at_least=1, at_most=MAX_BATCH),  # sequences per update
    "train.num_sequences": Field(6_000, at_least=1, at_most=MAX_COUNT),  # length of the run
    "train.num_targets": Field(0, at_least=0),  # last frames of a window that are predicted;
    # 1: the paper's; 0: min(8, tau)
    "train.frames_ahead": Field(1, at_least=1),  # predicted after the last input, each of them but
    # the first from the predictions before it; 1: the paper's
    "train.relative_loss": Field(False),  # each sequence's loss by the squared error of a copy
    "train.initial_model": Field(""),  # run, model file or name of a model shipped, to begin with
    "train.parts": Field(1, at_least=1),  # of each device's share of a batch, one after the other
    "train.shard_optimizer": Field(False),  # each device keeps a share of its state alone
    "train.updates_per_call": Field(1, at_least=1, at_most=1_000),  # made with no host between
    "train.frames_on_device": Field(False),  # made there of what the host draws, where data can be
    "train.max_skipped": Field(
        10, at_least=1
    ),  # updates in a row that are not finite; then it stops
    "train.log_every_steps": Field(20, at_least=1),
    "train.image_every_steps": Field(200, at_least=1),
    "train.validate_every_steps": Field(500, at_least=1),
    "train.checkpoint_every_steps": Field(100, at_least=1),
    "train.keep_checkpoints": Field(2, at_least=1),  # the latest
    "train.keep_best_checkpoints": Field(1, at_least=0),  # those of the best validation scores
    # Scores
    "evaluation.batch_size": Field(32, at_least=1, at_most=MAX_BATCH),
    "evaluation.num_while_training": Field(256, at_least=1),  # validation sequences, at most
    "evaluation.num_validation": Field(1_000, at_least=1),  # in the end, at most
    "evaluation.num_test": Field(3_000, at_least=1),
}
"""Fields by dotted path, except those of `SECTIONS`."""

SECTIONS: dict[str, type] = {
    "data": SequenceOptions,
    **{name: data_set.options for name, data_set in DATA_SETS.items()},
    "model": ModelConfig,
}
"""By section: the dataclass whose fields it has, with their meaning and their checks."""

DEFAULTS: dict[str, Any] = {path: field.default for path, field in FIELDS.items()} | {
    f"{section}.{field.name}": field.default
    for section, options in SECTIONS.items()
    for field in dataclasses.fields(options)
}
"""Values of all fields, by dotted path; their types are the fields'."""

KINDS: dict[str, type] = {path: type(value) for path, value in DEFAULTS.items()}


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
        is_open = sections == ["model"]
        section[name] = placeholder(kind) if is_open else DEFAULTS[path]
    return config
