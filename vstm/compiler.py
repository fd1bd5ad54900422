"""How XLA compiles the model: its options, and the precision of products."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import jax

_Method = TypeVar("_Method", bound=Callable[..., Any])

PRECISIONS = ("float32", "tensorfloat32", "bfloat16")
"""How far accelerators may round the factors of products and convolutions, as JAX calls it.

Sums are in float32. A TPU rounds to bfloat16 (7 bits of the fraction) for `bfloat16`, to about
TensorFloat-32 (10 bits) for `tensorfloat32` and not at all for `float32`; NVIDIA's GPUs round to
TensorFloat-32 for the first two. By default, JAX takes `bfloat16`. A CPU multiplies
in float32 in any case.
"""


def compiler_options() -> dict[str, str]:
    """Options for `jax.jit` of the model on the present platform.

    On the CPU, operations are ordered by the memory that they need, which takes a fifth from that
    of the variants with two layers; and XLA's YNN kernels are switched off, which JAX 0.10 to 0.12
    use by default. Those of 0.10.2 return wrong values: of 32,769 products of a
    3x3 matrix with a vector, in Muon's iteration on the flow head's kernel of a wide memory,
    [28800, 2]. An XLA that doesn't know an option compiles without it.
    """
    if jax.default_backend() != "cpu":
        return {}
    options = {
        "xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED",
        "xla_cpu_experimental_ynn_fusion_type": "",
    }
    return {name: value for name, value in options.items() if _compiles_with(name, value)}


def in_precision(method: _Method) -> _Method:
    """A method whose products have the precision that its object's field `precision` names."""

    @functools.wraps(method)
    def call(self, *args: Any, **kwargs: Any) -> Any:
        with jax.default_matmul_precision(self.precision):
            return method(self, *args, **kwargs)

    return call  # type: ignore[return-value]


@functools.cache
def _compiles_with(option: str, value: str) -> bool:
    try:
        jax.jit(lambda: 0, compiler_options={option: value})()
    except jax.errors.JaxRuntimeError:
        return False
    return True
