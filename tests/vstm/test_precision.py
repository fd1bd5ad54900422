"""Precision of products, forward and backward, and of the model's numbers; prepared weights."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_model import make

from vstm.model import Autoencoder
from vstm.rollout import predict_ahead

FRAMES = jnp.asarray(np.random.default_rng(0).uniform(size=(1, 3, 16, 16, 1)), jnp.float32)


def products_of(jaxpr):
    for equation in jaxpr.eqns:
        if equation.primitive.name in ("dot_general", "conv_general_dilated"):
            yield equation
        for inner in jax.tree.leaves(equation.params, is_leaf=lambda p: hasattr(p, "eqns")):
            inner = getattr(inner, "jaxpr", inner)
            if hasattr(inner, "eqns"):
                yield from products_of(inner)


@pytest.mark.parametrize("implementation", ["direct", "fourier"])
@pytest.mark.parametrize("variant", ["conv-1enc-1LSTM", "fc-2enc-1LSTM"])
def test_all_products_of_a_users_own_gradient_have_the_models_precision(variant, implementation):
    config, params = make(variant)
    model = Autoencoder(config, convolution=implementation, precision="float32")

    def loss(params):
        return jnp.sum(predict_ahead(model, params, FRAMES, num_frames=2))

    for objective in (loss, jax.jit(loss), jax.checkpoint(loss)):
        products = list(products_of(jax.make_jaxpr(jax.grad(objective))(params).jaxpr))
        assert len(products) > 10
        highest = (jax.lax.Precision.HIGHEST,) * 2
        assert {product.params["precision"] for product in products} == {highest}


def test_a_gradient_that_prepared_weights_would_miss_is_refused():
    config, params = make("conv-2enc-1LSTM")
    model = Autoencoder(config, convolution="fourier")
    _, prepared = jax.jit(partial(model.apply, mutable=["prepared"]))({"params": params}, FRAMES)

    def error(params, frames, prepared):
        return jnp.sum(model.apply({"params": params, **prepared}, frames).prediction)

    def preparing(params):
        _, prepared = model.apply({"params": params}, FRAMES, mutable=["prepared"])
        return error(params, FRAMES, prepared)

    jax.jit(jax.grad(error, argnums=1))(params, FRAMES, prepared)
    expected = jax.jit(jax.grad(error))(params, FRAMES, {})
    close = partial(np.testing.assert_allclose, rtol=1e-3, atol=1e-3)
    jax.tree.map(close, jax.jit(jax.grad(preparing))(params), expected)
    for gradient in (jax.grad(error), jax.grad(jax.jit(error)), jax.jit(jax.grad(error))):
        with pytest.raises(ValueError, match="leave the collection `prepared` out"):
            gradient(params, FRAMES, prepared)


@pytest.mark.parametrize("tracking", [False, True])
def test_a_model_of_half_precision_predicts_as_the_whole_one(tracking):
    config, params = make("conv-1enc-1LSTM", tracking=tracking, residual=tracking)
    apply = jax.jit(Autoencoder(config, convolution="direct").apply)
    half = jax.tree.map(lambda each: each.astype(jnp.bfloat16), ({"params": params}, FRAMES))
    ours, expected = apply(*half), apply({"params": params}, FRAMES)
    assert ours.prediction.dtype == jnp.bfloat16
    assert jnp.isfinite(ours.prediction).all()
    if not tracking:  # which looks for the motion of this noise
        found = ours.prediction.astype(jnp.float32)
        np.testing.assert_allclose(found, expected.prediction, atol=0.1)
