"""How the process runs: how it allocates memory, and compiled programs kept between runs.

Neither changes a result. An update allocates some hundred megabytes anew. In pages of 4 KiB, the
kernel's clearing of them takes a fifth of its time on a CPU; and so it does where the C library
gives the memory of each product back, which by default depends on what else lies in the heap.
"""

import ctypes
import gc
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import jax

ALLOCATION = ":".join(
    (
        "glibc.malloc.hugetlb=1",  # asks for transparent huge pages
        "glibc.malloc.mmap_threshold=33554432",  # smaller allocations come from the heap
        "glibc.malloc.trim_threshold=1073741824",  # so much free memory the heap keeps
    )
)
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "vstm"


def with_allocation(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment whose processes allocate so, unless it has settings of its own for that."""
    tunables = environment.get("GLIBC_TUNABLES", "")
    if "glibc.malloc." in tunables:
        return dict(environment)
    settings = ":".join(filter(None, [tunables, ALLOCATION]))
    return dict(environment) | {"GLIBC_TUNABLES": settings}


def use_allocation() -> None:
    """Starts the program anew with `ALLOCATION`, on Linux; elsewhere and the second time: nothing.

    The C library reads the settings once, when a process starts. The process keeps its number.
    """
    environment = with_allocation(os.environ)
    if sys.platform != "linux" or environment == os.environ:
        return
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, sys.orig_argv, environment)


def give_back_memory() -> None:
    """Returns free memory to the system, where the C library can; after a compilation, 150 MB."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def keep_compiled_programs() -> None:
    """Keeps what took a second or more to compile, for later runs.

    The folder is ~/.cache/vstm; the environment variable JAX_COMPILATION_CACHE_DIR names another.
    """
    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        jax.config.update("jax_compilation_cache_dir", str(CACHE))
