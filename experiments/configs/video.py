"""Real video: `--config=experiments/configs/video.py:VARIANT[:RECIPE]`.

Give the folder that `python -m data.prepare` wrote as `--config.video.directory=DIR`. Tau and loss
are those of section 5.2 of the paper. RECIPE is `fast` (the default) or `paper` (section 4).
"""

import ml_collections

from experiments.configs import moving_mnist
from experiments.configs.recipes import configure


def _fast(config: ml_collections.ConfigDict) -> None:
    config.residual = True
    config.normalise_contrast = True
    config.flow_head.returning_gradient = False
    config.memory.initial_range = 0.08
    config.optimizer.name = "adam"
    config.train.num_targets = 1
    config.video.max_pan = 3.0
    config.video.random_reversals = True
    config.train.batch_size = 8
    config.train.num_sequences = 12_000


RECIPES = {"fast": _fast, "paper": moving_mnist.RECIPES["paper"]}


def get_config(specification: str = "conv-1enc-1LSTM") -> ml_collections.ConfigDict:
    """The configuration of a variant, trained by a recipe.

    Args:
      specification: `VARIANT` or `VARIANT:RECIPE`.

    Raises:
      ValueError: unknown variant or recipe; the message names the nearest and the known ones.
    """
    config = configure(specification, RECIPES)
    config.loss = "sum"
    config.tau = 12
    config.data.name = "video"
    config.data.sequence_length = 13
    return config
