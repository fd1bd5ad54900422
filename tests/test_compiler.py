import jax
import jax.numpy as jnp
import pytest

from vstm.compiler import compiler_options

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
