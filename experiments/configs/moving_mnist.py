"""Moving MNIST: `--config=experiments/configs/moving_mnist.py:VARIANT[:RECIPE]`.

RECIPE is `fast` (the default), `quick` (the same within minutes), `gpu` (in large batches, for an
accelerator) or `paper` (section 4 of the paper); see `recipes.py`.
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
    return configure(specification)
