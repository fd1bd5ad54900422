"""Options of XLA's compiler for the model."""

import functools

import jax


def compiler_options() -> dict[str, str]:
    """Options for `jax.jit` of the model on the present platform.

    On the CPU, products and convolutions go to XLA's library kernels, which makes an update of
    conv-1enc-1LSTM about 1.5 times as fast (batch 8, two cores of an AMD EPYC with AVX-512); and
    operations are ordered by the memory that they need, which takes a fifth from that of the
    variants with two layers. An XLA that doesn't know an option compiles without it.
    """
    if jax.default_backend() != "cpu":
        return {}
    options = {
        "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_DOT",
        "xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED",
    }
    return {name: value for name, value in options.items() if _compiles_with(name, value)}


@functools.cache
def _compiles_with(option: str, value: str) -> bool:
    try:
        jax.jit(lambda: 0, compiler_options={option: value})()
    except jax.errors.JaxRuntimeError:
        return False
    return True
