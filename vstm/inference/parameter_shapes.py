"""The parameters that a network has, by its description alone."""

import functools

import jax
import jax.numpy as jnp
from flax.traverse_util import flatten_dict

from vstm.model import Autoencoder
from vstm.modules.model_config import ModelConfig

_MOTION = 4  # maps of motion that a tracking memory sees, see vstm.tracking


@functools.lru_cache
def parameter_shapes(config: ModelConfig, *, channels: int = 1) -> dict[str, tuple[int, ...]]:
    """Shapes of a network's parameters, by their paths, `module/.../name`.

    Args:
      config: the network.
      channels: of its frames.
    """
    frame = jax.ShapeDtypeStruct((1, *config.frame_size, channels), jnp.result_type(float))
    model = Autoencoder(config, convolution="direct")
    init = functools.partial(model.init, method=_touch)
    params = jax.eval_shape(init, jax.random.key(0), frame)["params"]
    return {name: leaf.shape for name, leaf in flatten_dict(params, sep="/").items()}


def _touch(model: Autoencoder, frame: jax.Array) -> None:
    """Calls all modules, without the equations between them, which take seconds to trace."""
    config = model.config
    features = model.encoder(jnp.concatenate([frame, frame], -1) if config.tracking else frame)
    maps = jnp.zeros((*features.shape[:-1], _MOTION))
    inputs = jnp.concatenate([features, maps], -1) if config.tracking else features
    _, outputs = model.memory(inputs[None], None)
    model.flow_head(outputs, maps[None, ..., :2] if config.tracking else None)
    seen = jnp.concatenate([features, outputs[0]], -1) if config.decoder_memory else features
    model.decoder(seen, frame.shape[-1])
