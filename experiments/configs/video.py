"""Real video: `--config=experiments/configs/video.py:VARIANT[:RECIPE]`.

Give the folder that `python -m data.prepare` wrote as `--config.video.directory=DIR`. Tau and loss
are those of section 5.2 of the paper. RECIPE is `fast` (the default) or `paper` (section 4).
"""

import ml_collections

from experiments.configs import default, moving_mnist
from experiments.errors import nearest
from vstm.variants import get_variant


def _fast(config: ml_collections.ConfigDict) -> None:
    config.residual = True
    config.normalise_contrast = True
    config.optimizer.learning_rate = 4e-3
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
    variant, _, recipe = specification.partition(":")
    config = default.get_config()
    config.variant = get_variant(variant).name
    config.loss = "sum"
    config.tau = 12
    config.data.name = "video"
    config.data.sequence_length = 13
    recipe = recipe or "fast"
    if recipe not in RECIPES:
        raise ValueError(f"unknown recipe {recipe!r}; {nearest(recipe, RECIPES)}")
    RECIPES[recipe](config)
    return config
