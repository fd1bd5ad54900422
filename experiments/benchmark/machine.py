"""What a measurement depends on beside the code: processor, its vectors, cores, versions."""

import importlib.metadata
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ISAS = ("native", "avx2")
FACTS = ("processor", "vector_bits", "isa", "cores", "jax", "torch")
_LIMITS = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "DNNL_MAX_CPU_ISA": "AVX2",  # the same of oneDNN before version 3
    "ATEN_CPU_CAPABILITY": "avx2",  # PyTorch's own kernels
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",  # PyTorch's matrix products
}
_XLA_LIMIT = "--xla_cpu_max_isa=AVX2"
_WIDTHS = {"avx512f": 512, "avx2": 256}


def processor(cpuinfo: str) -> tuple[str, int]:
    """Name and width of the widest vectors of a processor.

    Args:
      cpuinfo: the text of /proc/cpuinfo.

    Returns:
      The model's name, `unknown` where there is none; bits of a vector: 512 with AVX-512, 256 with
      AVX2, else 128.
    """
    entries = dict(
        (name.strip(), value.strip())
        for name, _, value in (line.partition(":") for line in cpuinfo.splitlines())
    )
    flags = entries.get("flags", "").split()
    width = next((bits for flag, bits in _WIDTHS.items() if flag in flags), 128)
    return entries.get("model name") or "unknown", width


def machine(isa: str) -> dict[str, Any]:
    """The facts that two measurements must share to be compared.

    Args:
      isa: `native`, or `avx2` for a process that `limited` keeps from wider vectors.

    Returns:
      `FACTS`; `torch` is None where it isn't installed.
    """
    cpuinfo = Path("/proc/cpuinfo")
    name, width = processor(cpuinfo.read_text() if cpuinfo.exists() else "")
    return {
        "processor": name,
        "vector_bits": width,
        "isa": isa,
        "cores": len(os.sched_getaffinity(0)),
        "jax": importlib.metadata.version("jax"),
        "torch": _version("torch"),
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


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
