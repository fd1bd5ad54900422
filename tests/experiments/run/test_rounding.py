"""Rounded factors, beside NumPy's arithmetic on numbers that are rounded bit by bit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_model import make

from experiments.run.rounding import FRACTION_BITS, rounded
from vstm.model import Autoencoder


def to_bits(array, bits):
    """Float32 numbers, to the nearest with so many bits of the fraction."""
    fraction, exponent = np.frexp(array.astype(np.float64))
    return np.ldexp(np.round(fraction * 2.0 ** (bits + 1)) / 2.0 ** (bits + 1), exponent)


@pytest.fixture
def factors():
    generator = np.random.default_rng(0)
    return [generator.normal(size=shape).astype(np.float32) for shape in ((5, 4), (4, 4))]


@pytest.mark.parametrize("precision", FRACTION_BITS)
def test_products_within_loops_and_calls(factors, precision):
    bits, (x, w) = FRACTION_BITS[precision], factors

    def function(x, w):
        product = jax.jit(jnp.dot)
        after, stacked = jax.lax.scan(lambda h, y: (h @ w, product(y, w)), jnp.ones((2, 4)), x)

        def again(carry):
            return carry[0] + 1, carry[1] @ w

        _, after = jax.lax.while_loop(lambda carry: carry[0] < 2, again, (0, after))
        return {"stacked": stacked, "after": after, "x": x}

    made = jax.jit(rounded(function, precision))(x, w)
    close = {"rtol": 2e-6, "atol": 2e-6}
    rounded_w = to_bits(w, bits)
    np.testing.assert_allclose(made["stacked"], to_bits(x, bits) @ rounded_w, **close)
    h = np.ones((2, 4))
    for _ in range(7):
        h = to_bits(h.astype(np.float32), bits) @ rounded_w
    # A sum may round to the neighbour, from which seven products go on.
    scale = np.abs(h).max()
    np.testing.assert_allclose(made["after"], h, atol=scale * max(1e-5, 2.0**-bits))
    np.testing.assert_array_equal(made["x"], x)


def test_convolutions_of_a_model():
    """A network in float32 is as without rounding; in the others, the fewer bits, the further."""
    config, params = make()
    model = Autoencoder(config, convolution="direct")
    frames = np.random.default_rng(0).random((1, 3, 16, 16, 1)).astype(np.float32)

    def forward(frames):
        return model.apply({"params": params}, frames).prediction

    exact = jax.jit(forward)(frames)
    apart = {
        precision: float(jnp.abs(jax.jit(rounded(forward, precision))(frames) - exact).max())
        for precision in FRACTION_BITS
    }
    scale = float(jnp.abs(exact).max())
    assert apart["float32"] <= 1e-6 * scale
    assert 0 < 3 * apart["tensorfloat32"] < apart["bfloat16"] < 0.1 * scale


def test_branches_are_not_known():
    with pytest.raises(NotImplementedError):
        rounded(lambda x: jax.lax.cond(x > 0, jnp.sin, jnp.cos, x), "bfloat16")(1.0)
