import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from made_model import KEY

from vstm.compiler import compiler_options
from vstm.model import Autoencoder
from vstm.training.optimizer import make_optimizer
from vstm.training.update import init_state, make_train_step
from vstm.variants import get_variant

YNN = {"xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_DOT"}
LIBRARY_KERNEL = "kind=kCustom"  # how a compiled program names one

pytestmark = pytest.mark.skipif(jax.default_backend() != "cpu", reason="YNN is the CPU's")


def compiled_product(options):
    matrix = jax.ShapeDtypeStruct((64, 64), jnp.float32)
    product = jax.jit(lambda a, b: a @ b, compiler_options=options)
    return product.lower(matrix, matrix).compile().as_text()


def test_products_are_not_left_to_ynn():
    try:
        with_kernel = compiled_product(YNN)
    except jax.errors.JaxRuntimeError:
        pytest.skip("this XLA has no YNN kernels")
    assert LIBRARY_KERNEL in with_kernel
    assert LIBRARY_KERNEL not in compiled_product(compiler_options())


def test_many_small_products_are_right():
    """The last row of these is wrong by YNN's kernels of jaxlib 0.10.2."""
    rows = np.random.default_rng(0).integers(0, 9, size=(32_769, 3)).astype(np.float32)
    norm = jax.vmap(lambda row: jnp.sum(jnp.square(jnp.eye(3) @ row)))
    ours = jax.jit(norm, compiler_options=compiler_options())(rows)
    np.testing.assert_array_equal(ours, np.square(rows).sum(axis=1))


def test_a_compiled_update_holds_no_ynn_kernels():
    """In a process of its own, as `XLA_FLAGS` sets those of the tests too."""
    code = """
import jax, jax.numpy as jnp, optax
from vstm.model import Autoencoder
from vstm.compiler import compiler_options
from vstm.training.optimizer import make_optimizer
from vstm.training.update import init_state, make_train_step
from vstm.variants import get_variant

model = Autoencoder(get_variant("conv-1enc-1LSTM"), convolution="fourier")
tx = make_optimizer(
    "muon", optax.constant_schedule(1e-3), clip_elements=0.0, clip_global_norm=1.0
)
state = jax.eval_shape(lambda: init_state(model, tx, jax.random.key(0), (16, 16, 1)))
step = make_train_step(model, tx, loss="bce", tau=2)
frames = jax.ShapeDtypeStruct((2, 3, 16, 16, 1), jnp.float32)
for options in ({}, compiler_options()):
    text = jax.jit(step, compiler_options=options).lower(state, frames).compile().as_text()
    print(text.count("kind=kCustom"), text.count(" dot("))
"""
    flags = " ".join(flag for flag in os.environ["XLA_FLAGS"].split() if "ynn" not in flag)
    environment = os.environ | {"XLA_FLAGS": flags}
    output = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    ).stdout
    (by_default, _), (ours, products) = (map(int, line.split()) for line in output.splitlines())
    if not by_default:
        pytest.skip("this XLA has no YNN kernels that it uses by itself")
    assert ours == 0
    assert products > 20


def products(jaxpr):
    """Precisions of all matrix products and convolutions of a program, those in loops included."""
    for equation in jaxpr.eqns:
        if equation.primitive.name in ("dot_general", "conv_general_dilated"):
            yield equation.params["precision"]
        for inner in jax.tree.leaves(
            list(equation.params.values()), is_leaf=lambda value: hasattr(value, "eqns")
        ):
            inner = getattr(inner, "jaxpr", inner)
            if hasattr(inner, "eqns"):
                yield from products(inner)


@pytest.mark.parametrize("convolution", ["direct", "fourier"])
@pytest.mark.parametrize(
    "precision, expected",
    [
        ("float32", (jax.lax.Precision.HIGHEST, jax.lax.Precision.HIGHEST)),
        ("tensorfloat32", (jax.lax.Precision.HIGH, jax.lax.Precision.HIGH)),
        ("bfloat16", (jax.lax.Precision.DEFAULT, jax.lax.Precision.DEFAULT)),
    ],
)
def test_all_products_of_an_update_have_the_models_precision(precision, expected, convolution):
    model = Autoencoder(
        get_variant("conv-1enc-1LSTM"), convolution=convolution, precision=precision
    )
    tx = make_optimizer(
        "muon", optax.constant_schedule(1e-3), clip_elements=0.0, clip_global_norm=1.0
    )
    state = init_state(model, tx, KEY, (16, 16, 1))
    step = make_train_step(model, tx, loss="bce", tau=2)
    frames = jax.ShapeDtypeStruct((2, 3, 16, 16, 1), jnp.float32)
    found = list(products(jax.make_jaxpr(step)(state, frames).jaxpr))
    assert len(found) > 20
    assert set(found) == {expected}
