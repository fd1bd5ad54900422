"""What a measurement depends on beside the code: processor, its vectors, cores, versions."""

import os
from collections.abc import Mapping
from typing import Any

from experiments.console.machine_facts import cpuinfo, package_version, processor

ISAS = ("native", "avx2")
FACTS = ("processor", "vector_bits", "isa", "cores", "jax", "torch")
_LIMITS = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "DNNL_MAX_CPU_ISA": "AVX2",  # the same of oneDNN before version 3
    "ATEN_CPU_CAPABILITY": "avx2",  # PyTorch's own kernels
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",  # PyTorch's matrix products
}
_XLA_LIMIT = "--xla_cpu_max_isa=AVX2"


def machine(isa: str) -> dict[str, Any]:
    """The facts that two measurements must share to be compared.

    Args:
      isa: `native`, or `avx2` for a process that `limited` keeps from wider vectors.

    Returns:
      `FACTS`; `torch` is None where it isn't installed.
    """
    name, width = processor(cpuinfo())
    return {
        "processor": name,
        "vector_bits": width,
        "isa": isa,
        "cores": len(os.sched_getaffinity(0)),
        "jax": package_version("jax"),
        "torch": package_version("torch"),
    }


def limited(environment: Mapping[str, str], isa: str) -> dict[str, str]:
    """An environment whose processes use no wider vectors than `isa` has, on either side.

    What has been compiled ahead for wider ones, such as XLA's own library calls, chooses by itself;
    XLA's code and PyTorch's libraries heed it.
    """
    if isa == "native":
        return dict(environment)
    flags = " ".join(filter(None, [environment.get("XLA_FLAGS"), _XLA_LIMIT]))
    return dict(environment) | _LIMITS | {"XLA_FLAGS": flags}


def heading(facts: Mapping[str, Any]) -> str:
    """The facts in words, such as a table's heading."""
    vectors = f"{facts['vector_bits']}-bit vectors"
    if facts["isa"] != "native":
        vectors += f" limited to {facts['isa'].upper()}"
    versions = f"JAX {facts['jax']}" + (f", PyTorch {facts['torch']}" if facts["torch"] else "")
    cores = f"{facts['cores']} core{'s' if facts['cores'] > 1 else ''}"
    return f"{facts['processor']}, {cores}, {vectors}; {versions}"
