"""How the process runs: how it allocates memory and compiles, and compiled programs kept for later.

An update allocates some hundred megabytes anew. In pages of 4 KiB, the kernel's clearing of them
takes a fifth of its time on a CPU; and so it does where the C library gives the memory of each
product back, which by default depends on what else is in the heap.
"""

import ctypes
import gc
import os
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

ALLOCATION = ":".join(
    (
        "glibc.malloc.hugetlb=1",  # asks for transparent huge pages
        "glibc.malloc.mmap_threshold=33554432",  # smaller allocations come from the heap
        "glibc.malloc.trim_threshold=1073741824",  # so much free memory the heap keeps
    )
)
YNN_OFF = "--xla_cpu_experimental_ynn_fusion_type="  # see vstm.compiler
YNN_VERSIONS = (0, 10), (0, 12)  # first and last of jaxlib that were seen to know this flag


def xla_flags(jaxlib: str) -> str:
    """Flags for a version of XLA, such as "0.10.2"; a program with unknown ones is ended by it."""
    first, last = YNN_VERSIONS
    major_and_minor = tuple(map(int, jaxlib.split(".")[:2]))
    return YNN_OFF if first <= major_and_minor <= last else ""


CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "vstm"
SETTINGS = {
    "GLIBC_TUNABLES": ALLOCATION,
    "XLA_FLAGS": xla_flags(version("jaxlib")),
    "JAX_DEFAULT_MATMUL_PRECISION": "float32",  # of what is no model's; config.precision is its own
    "JAX_COMPILATION_CACHE_DIR": str(CACHE),  # of what took a second or more to compile
}
_SEPARATORS = {"GLIBC_TUNABLES": ":", "XLA_FLAGS": " "}  # variables that hold several settings


def with_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment with `SETTINGS`, but for those that it has, with whatever value."""
    merged = dict(environment)
    for variable, ours in SETTINGS.items():
        theirs, separator = environment.get(variable), _SEPARATORS.get(variable)
        if theirs is None:
            merged[variable] = ours
        elif separator is not None and not _is_file_of_flags(variable, theirs):
            names = {_name(setting) for setting in theirs.split(separator)}
            added = [s for s in ours.split(separator) if _name(s) not in names]
            merged[variable] = separator.join(filter(None, [theirs, *added]))
    return merged


def _is_file_of_flags(variable: str, value: str) -> bool:
    return variable == "XLA_FLAGS" and value.strip() != "" and value.strip()[0] != "-"


def _name(setting: str) -> str:
    return setting.partition("=")[0]


def set_up_process() -> None:
    """Sets `SETTINGS` for this process and those that it starts; call it before JAX is imported.

    The C library reads its own when a process starts, so on Linux the program is started anew, once
    and with the same process number, unless they are set already.
    """
    environment = with_settings(os.environ)
    allocates_so = environment["GLIBC_TUNABLES"] == os.environ.get("GLIBC_TUNABLES")
    os.environ.update(environment)
    if sys.platform == "linux" and not allocates_so:
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(sys.executable, sys.orig_argv, environment)


def give_back_memory() -> None:
    """Returns free memory to the system, where the C library can; after a compilation, 150 MB."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
