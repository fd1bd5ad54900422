import jax
import jax.numpy as jnp
import optax
import pytest

from vstm.autoencoder import Autoencoder
from vstm.compiler import compiler_options
from vstm.optimizer import make_optimizer
from vstm.training import init_state, make_train_step
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
    state = init_state(model, tx, jax.random.key(0), (16, 16, 1))
    step = make_train_step(model, tx, loss="bce", tau=2)
    frames = jax.ShapeDtypeStruct((2, 3, 16, 16, 1), jnp.float32)
    found = list(products(jax.make_jaxpr(step)(state, frames).jaxpr))
    assert len(found) > 20
    assert set(found) == {expected}
