"""Made scenes: `--config=experiments/configs/scenes.py:VARIANT[:RECIPE]`.

Tau and loss are those of real video (section 5.2 of the paper), on which such a model is used.
RECIPE is `fast` (the default) or `paper` (section 4); see `recipes.py`.
"""

from ml_collections import ConfigDict

from experiments.configs.recipes import configure


def get_config(specification: str = "conv-1enc-1LSTM") -> ConfigDict:
    """The configuration of a variant, trained by a recipe.

    Args:
      specification: `VARIANT` or `VARIANT:RECIPE`.

    Raises:
      ValueError: unknown variant or recipe; the message names the nearest and the known ones.
    """
    config = configure(specification)
    config.loss = "sum"
    config.tau = 12
    config.data.name = "scenes"
    config.data.sequence_length = 13
    return config
