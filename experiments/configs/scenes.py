"""Made scenes: `--config=experiments/configs/scenes.py:VARIANT[:RECIPE]`.

Tau and loss are those of real video (section 5.2 of the paper), on which such a model is used.
RECIPE is `fast` (the default) or `paper` (section 4); see `recipes.py`.
"""

from ml_collections import ConfigDict

from experiments.configs import video


def get_config(specification: str = "conv-1enc-1LSTM") -> ConfigDict:
    """The configuration of a variant, trained by a recipe.

    Args:
      specification: `VARIANT` or `VARIANT:RECIPE`.

    Raises:
      ValueError: unknown variant or recipe; the message names the nearest and the known ones.
    """
    config = video.get_config(specification)
    config.data.name = "scenes"
    return config
