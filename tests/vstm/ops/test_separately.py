import jax
import jax.numpy as jnp
import numpy as np

from vstm.ops.separately import portable, separately


@separately
def scaled(maps, *, factor):
    return factor * jnp.sin(maps)


def lowered():
    function = lambda maps: scaled(maps, factor=2)  # noqa: E731  one that was not traced before
    return jax.jit(function).lower(jnp.arange(6.0)).as_text()


def test_a_function_compiled_separately_is_the_same_and_so_are_its_gradients():
    maps = jnp.arange(6.0).reshape(2, 3)
    value, gradient = jax.vmap(jax.value_and_grad(lambda row: scaled(row, factor=3).sum()))(maps)
    np.testing.assert_allclose(value, 3 * np.sin(maps).sum(axis=1), rtol=1e-6)
    np.testing.assert_allclose(gradient, 3 * np.cos(maps), rtol=1e-6)


def test_programs_for_other_platforms_hold_nothing_separate():
    assert "inlineable" in lowered()
    with portable():
        assert "inlineable" not in lowered()
