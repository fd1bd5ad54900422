"""How the process runs: memory in large pages, and compiled programs kept between runs.

Neither changes a result. An update allocates some hundred megabytes anew; in pages of 4 KiB, the
kernel's clearing of them takes a fifth of its time on a CPU.
"""

import os
import sys
from pathlib import Path

import jax

HUGE_PAGES = "glibc.malloc.hugetlb=1"  # the C library asks for transparent huge pages
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "vstm"


def use_huge_pages() -> None:
    """Starts the program anew with large pages, on Linux; elsewhere and the second time: nothing.

    The C library reads the setting once, when a process starts. The process keeps its number.
    """
    tunables = os.environ.get("GLIBC_TUNABLES", "")
    if sys.platform != "linux" or "glibc.malloc.hugetlb" in tunables:
        return
    settings = ":".join(filter(None, [tunables, HUGE_PAGES]))
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, sys.orig_argv, os.environ | {"GLIBC_TUNABLES": settings})


def keep_compiled_programs() -> None:
    """Keeps what took a second or more to compile, for later runs.

    The folder is ~/.cache/vstm; the environment variable JAX_COMPILATION_CACHE_DIR names another.
    """
    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        jax.config.update("jax_compilation_cache_dir", str(CACHE))
