"""Models whose flow is not zero, untrained, for frames of 16x16 pixels."""

import jax
import numpy as np

from vstm.inference.model_file import ModelDescription


def make(variant="conv-1enc-1LSTM", loss="sum", **options):
    """Description and parameters of a model whose flow is not zero, for frames of 16x16."""
    choices = ("recurrent_flow", "residual", "normalise_contrast")
    options = dict.fromkeys(choices, False) | options
    description = ModelDescription(variant, loss, frame_size=(16, 16), **options)
    key = jax.random.key(0, impl="rbg")
    params = jax.jit(description.model().init)(key, np.zeros((1, 1, 16, 16, 1), np.float32))[
        "params"
    ]
    scale = 0.3 if "fc" not in variant else 0.0
    params["flow_head"] = jax.tree.map(
        lambda a: a + scale * jax.random.normal(jax.random.key(a.size), a.shape),
        params["flow_head"],
    )
    return description, params
