"""The part that the configuration files share: `VARIANT[:RECIPE]`."""

from collections.abc import Callable, Mapping

import ml_collections

from experiments.configs import default
from experiments.run.errors import nearest
from vstm.variants import get_variant

Recipe = Callable[[ml_collections.ConfigDict], None]


def configure(specification: str, recipes: Mapping[str, Recipe]) -> ml_collections.ConfigDict:
    """The defaults with a variant, changed by a recipe.

    Args:
      specification: `VARIANT` or `VARIANT:RECIPE`; the recipe is `fast` if not given.
      recipes: what each recipe changes.

    Raises:
      ValueError: unknown variant or recipe; the message names the nearest and the known ones.
    """
    variant, _, recipe = specification.partition(":")
    config = default.get_config()
    config.variant = get_variant(variant).name
    recipe = recipe or "fast"
    if recipe not in recipes:
        raise ValueError(f"unknown recipe {recipe!r}; {nearest(recipe, recipes)}")
    recipes[recipe](config)
    return config
