"""Options of XLA's compiler for the model."""

import functools

import jax


def compiler_options() -> dict[str, str]:
    """Options for `jax.jit` of the model on the present platform.

    On the CPU, operations are ordered by the memory that they need, which takes a fifth from that
    of the variants with two layers. An XLA that doesn't know an option compiles without it.

    XLA's library kernels for products (xla_cpu_experimental_ynn_fusion_type) are not asked for:
    with JAX 0.10.2 they return wrong values in Muon's iteration on the flow head's kernel of a
    wide memory, [28800, 2], which throws the flow into its clamp. (They save an update an eighth
    of its time on two cores, and nothing on one.)
    """
    if jax.default_backend() != "cpu":
        return {}
    options = {"xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED"}
    return {name: value for name, value in options.items() if _compiles_with(name, value)}


@functools.cache
def _compiles_with(option: str, value: str) -> bool:
    try:
        jax.jit(lambda: 0, compiler_options={option: value})()
    except jax.errors.JaxRuntimeError:
        return False
    return True
