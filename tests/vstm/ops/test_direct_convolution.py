import re

import jax
import jax.numpy as jnp
import pytest

from vstm.ops.convolution.convolve import conv2d


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="of XLA's CPU backend")
def test_in_loops_all_convolutions_have_the_order_of_axes_of_the_cpus_kernels():
    """Others it runs up to a hundred times slower there; outside of loops it puts them right."""

    def steps(maps, kernel, count):
        def step(_, parameters):
            gradients = jax.grad(lambda both: (conv2d(*both, "direct") ** 2).sum())(parameters)
            return jax.tree.map(jnp.subtract, parameters, gradients)

        return jax.lax.fori_loop(0, count, step, (maps, kernel))

    maps, kernel = jnp.ones((4, 9, 8, 2)), jnp.ones((5, 5, 2, 3))
    program = jax.jit(steps).lower(maps, kernel, jnp.int32(3)).compile().as_text()
    axes = re.findall(r" convolution\(.*dim_labels=([^, ]+)", program)
    assert len(axes) == 3  # outputs, and both gradients
    assert set(axes) == {"b01f_01io->b01f"}
