"""Training that begins with the parameters of another model."""

from typing import Any

import jax
import jax.numpy as jnp
from flax.traverse_util import flatten_dict, unflatten_dict

from experiments.configs.config import Config
from experiments.console.errors import UserError
from experiments.run.build import frame_shape
from vstm.inference.model_file import load_model
from vstm.inference.predictor import find_model


def initial_params(config: Config, params: Any) -> Any:
    """The parameters that training begins with.

    Args:
      config: resolved configuration.
      params: freshly drawn ones.

    Returns:
      Those of `train.initial_model`, or the fresh ones where it names none, or where it lacks
      some, such as a recurrent flow head's gate; these are printed.

    Raises:
      UserError: it cannot be read, or is of another network, or of frames of another size.
    """
    path = config.train.initial_model
    if not path:
        return params
    try:
        described, initial = load_model(find_model(path))
    except (OSError, ValueError) as error:
        raise UserError(f"config.train.initial_model: {error}") from error
    size = described.frame_size
    if size != frame_shape(config)[:2]:
        raise UserError(
            f"config.train.initial_model={path}: trained on frames of {size[0]}x{size[1]} pixels, "
            f"by which its flow is scaled; expected config.data.image_size={size[0]}"
        )
    given, expected = flatten_dict(initial, sep="/"), flatten_dict(params, sep="/")
    for name, array in given.items():
        if name not in expected or array.shape != expected[name].shape:
            ours = list(expected[name].shape) if name in expected else "none"
            raise UserError(
                f"config.train.initial_model={path}: another network's; its {name} is "
                f"{list(array.shape)}, this configuration's {ours}"
            )
    fresh = sorted(expected.keys() - given.keys())
    if fresh:
        print(f"{path}: lacks {', '.join(fresh)}; freshly drawn", flush=True)
    return jax.tree.map(jnp.asarray, unflatten_dict(expected | given, sep="/"))
