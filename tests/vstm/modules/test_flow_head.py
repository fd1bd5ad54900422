from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_model import KEY

from vstm.modules.flow_head import FlowHead, clamped_share, flow_limit, returning_clamp
from vstm.modules.model_config import ModelConfig

pytestmark = pytest.mark.usefixtures("strict_promotion")


def test_flow_is_clamped_at_a_quarter_of_the_map():
    head = FlowHead(ModelConfig(pointwise_flow=True, frame_size=(8, 16)))
    memory = np.random.default_rng(0).normal(size=(1, 1, 4, 8, 3)).astype(np.float32)
    variables = jax.jit(head.init)(KEY, memory)
    np.testing.assert_allclose(variables["params"]["scale"], [2 / 8, 2 / 4])
    last = {"kernel": np.zeros((1, 1, 2, 2), np.float32), "bias": np.float32([1.5, -100.0])}
    params = {**variables["params"], "Conv2D_2": last}
    flow = jax.jit(head.apply)({"params": params}, memory)[-1]
    # the first component, 1.5 pixels, is inside its limit of 2 pixels; the second is beyond -1
    np.testing.assert_allclose(flow[..., 0], np.full((1, 4, 8), 1.5), rtol=1e-6)
    np.testing.assert_allclose(flow[..., 1], np.full((1, 4, 8), -1.0), rtol=1e-6)
    assert flow_limit(4, 8) == (2.0, 1.0)
    np.testing.assert_allclose(clamped_share(flow, (4, 8)), 0.5)
    larger = jax.jit(head.apply)({"params": params}, np.tile(memory, (1, 1, 2, 2, 1)))[-1]
    np.testing.assert_allclose(larger[..., 1], np.full((1, 8, 16), -1.0), rtol=1e-6)
    np.testing.assert_allclose(clamped_share(larger, (4, 8)), 0.5)


def test_gradients_that_lead_back_pass_the_clamp():
    x = np.float32([-0.7, -0.7, -0.2, 0.2, 0.7, 0.7])
    cotangent = np.float32([-1, 1, -1, 1, -1, 1])
    clamped, pull = jax.vjp(jax.jit(returning_clamp), x)
    np.testing.assert_allclose(clamped, [-0.5, -0.5, -0.2, 0.2, 0.5, 0.5])
    np.testing.assert_array_equal(pull(cotangent)[0], [-1, 0, -1, 1, 0, 1])


def test_a_flow_beyond_the_clamp_returns_only_with_the_returning_gradient():
    memory = jnp.ones((1, 1, 2, 2, 2))
    config = ModelConfig(pointwise_flow=False, frame_size=(8, 8))
    for returning in (False, True):
        head = FlowHead(replace(config, returning_gradient=returning))
        params = jax.jit(head.init)(KEY, memory)["params"]
        params["Conv2D_1"]["bias"] = np.float32([5.0, -5.0])

        def loss(params, head=head):
            return jnp.sum(head.apply({"params": params}, memory) ** 2)

        bias = jax.jit(jax.grad(loss))(params)["Conv2D_1"]["bias"]
        assert (bool(bias[0] > 0), bool(bias[1] < 0)) == (returning, returning)
