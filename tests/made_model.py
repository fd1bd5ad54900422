"""Models whose flow is not zero, untrained, for frames of 16x16 pixels."""

from dataclasses import replace

import jax
import numpy as np

from vstm.model import Autoencoder
from vstm.variants import get_variant


def make(variant="conv-1enc-1LSTM", output="intensity", **options):
    """Description and parameters of a model whose flow is not zero, for frames of 16x16."""
    config = replace(get_variant(variant), output=output, frame_size=(16, 16), **options)
    key = jax.random.key(0, impl="rbg")
    params = jax.jit(Autoencoder(config).init)(key, np.zeros((1, 1, 16, 16, 1), np.float32))[
        "params"
    ]
    scale = 0.3 if config.memory == "conv" else 0.0
    params["flow_head"] = jax.tree.map(
        lambda a: a + scale * jax.random.normal(jax.random.key(a.size), a.shape),
        params["flow_head"],
    )
    return config, params
