import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vstm.ops.convolution.convolve import conv2d
from vstm.ops.convolution.direct import DirectConvolution


@pytest.mark.parametrize("kernel_size", [(3, 3), (2, 5)])
@pytest.mark.parametrize("backend", ["cpu", "gpu"])  # whose form runs on the CPU, too
def test_kernel_gradient_is_the_sum_over_all_windows(monkeypatch, backend, kernel_size):
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    generator = np.random.default_rng(0)
    maps, d_outputs = generator.normal(size=(2, 3, 6, 7, 2)), generator.normal(size=(2, 3, 6, 7, 4))
    with jax.enable_x64(True):
        gradient = DirectConvolution(kernel_size).kernel_gradient(
            jnp.asarray(maps), jnp.asarray(d_outputs)
        )
    margins = [((size - 1) // 2, size // 2) for size in kernel_size]
    padded = np.pad(maps, ((0, 0), (0, 0), *margins, (0, 0)))
    for k, m in np.ndindex(kernel_size):
        expected = np.einsum("tbyxi,tbyxo->io", padded[:, :, k : k + 6, m : m + 7], d_outputs)
        np.testing.assert_allclose(gradient[k, m], expected, rtol=1e-12, atol=1e-12)


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
