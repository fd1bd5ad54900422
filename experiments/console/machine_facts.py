"""What the processor and the installed packages say of themselves; imports nothing of JAX."""

import importlib.metadata
from pathlib import Path

UNKNOWN = "unknown"
_WIDTHS = {"avx512f": 512, "avx2": 256}


def cpuinfo() -> str:
    """The text of /proc/cpuinfo; empty where it cannot be read, as elsewhere than on Linux."""
    try:
        return Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""


def processor(cpuinfo: str) -> tuple[str, int]:
    """Name and width of the widest vectors of a processor.

    Args:
      cpuinfo: the text of /proc/cpuinfo.

    Returns:
      The model's name, `UNKNOWN` where there is none; bits of a vector: 512 with AVX-512, 256
      with AVX2, else 128.
    """
    entries = dict(
        (name.strip(), value.strip())
        for name, _, value in (line.partition(":") for line in cpuinfo.splitlines())
    )
    flags = entries.get("flags", "").split()
    width = next((bits for flag, bits in _WIDTHS.items() if flag in flags), 128)
    return entries.get("model name") or UNKNOWN, width


def package_version(package: str) -> str | None:
    """Version of an installed package; None where it isn't."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
