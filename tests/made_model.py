"""Models whose flow is not zero, untrained, for frames of 16x16 pixels."""

from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from vstm.model import Autoencoder
from vstm.variants import get_variant

# What draws fast: compilation of threefry takes several times that of the model's equations.
KEY = jax.random.key(0, impl="rbg")


@cache
def initial_parameters(model):
    """Parameters that training starts with, for frames of the size that the model is for."""
    frames = np.zeros((1, 1, *model.config.frame_size, 1), np.float32)
    return jax.jit(model.init)(KEY, frames)["params"]


def noisy(params, scale, seed=0):
    """Parameters with normal noise, so that none is zero."""
    generator = np.random.default_rng(seed)
    return jax.tree.map(
        lambda a: jnp.asarray(a + scale * generator.normal(size=a.shape).astype(a.dtype)),
        jax.tree.map(np.asarray, params),
    )


def make(variant="conv-1enc-1LSTM", output="intensity", **options):
    """Description and parameters of a model whose flow is not zero, for frames of 16x16."""
    config = replace(get_variant(variant), output=output, frame_size=(16, 16), **options)
    params = dict(initial_parameters(Autoencoder(config, convolution="direct")))
    scale = 0.3 if config.memory == "conv" else 0.0
    params["flow_head"] = noisy(params["flow_head"], scale)
    return config, params
