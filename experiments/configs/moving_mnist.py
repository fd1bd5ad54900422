"""Moving MNIST: `--config=experiments/configs/moving_mnist.py:VARIANT[:RECIPE]`.

RECIPE is `fast` (the default) or `paper` (section 4 of the paper).
"""

import ml_collections

from experiments.configs.recipes import configure


def _fast(config: ml_collections.ConfigDict) -> None:
    config.flow_head.sparsity_weight = 1e-3  # a common shift of all pixels costs else nothing
    if config.variant == "conv-1enc-2LSTM":
        config.optimizer.flow_head_rate = 0.05  # the others' throws its flow into the clamp
    if config.variant.startswith("fc"):
        config.optimizer.memory_rate = 0.003  # else black ground saturates its thousands of inputs
    else:
        config.flow_head.photometric_weight = 3.0  # at first, ties the flow to the frames


def _paper(config: ml_collections.ConfigDict) -> None:
    config.flow_head.returning_gradient = False
    config.memory.initial_range = 0.08
    config.optimizer.name = "rmsprop"
    config.optimizer.learning_rate = 1e-4
    config.optimizer.schedule = "halving"
    config.optimizer.flow_head_rate = 1.0
    config.optimizer.memory_rate = 1.0
    config.optimizer.clip_global_norm = 0.0
    config.optimizer.clip_elements = 50.0
    config.train.num_targets = 1
    config.train.batch_size = 1
    config.train.num_sequences = 100_000
    config.train.log_every_steps = 100
    config.train.image_every_steps = 2_000
    config.train.validate_every_steps = 2_000
    config.train.checkpoint_every_steps = 1_000


RECIPES = {"fast": _fast, "paper": _paper}


def get_config(specification: str = "conv-1enc-1LSTM") -> ml_collections.ConfigDict:
    """The configuration of a variant, trained by a recipe.

    Args:
      specification: `VARIANT` or `VARIANT:RECIPE`.

    Raises:
      ValueError: unknown variant or recipe; the message names the nearest and the known ones.
    """
    return configure(specification, RECIPES)
