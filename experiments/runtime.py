"""How the process runs: memory in large pages, and compiled programs kept between runs.

Neither changes a result. An update allocates some hundred megabytes anew; in pages of 4 KiB, the
kernel's clearing of them takes a fifth of its time on a CPU.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import jax

HUGE_PAGES = "glibc.malloc.hugetlb=1"  # the C library asks for transparent huge pages
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "vstm"


def with_huge_pages(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which processes use large pages, unless it has a setting for them."""
    tunables = environment.get("GLIBC_TUNABLES", "")
    if "glibc.malloc.hugetlb" in tunables:
        return dict(environment)
    settings = ":".join(filter(None, [tunables, HUGE_PAGES]))
    return dict(environment) | {"GLIBC_TUNABLES": settings}


def use_huge_pages() -> None:
    """Starts the program anew with large pages, on Linux; elsewhere and the second time: nothing.

    The C library reads the setting once, when a process starts. The process keeps its number.
    """
    environment = with_huge_pages(os.environ)
    if sys.platform != "linux" or environment == os.environ:
        return
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, sys.orig_argv, environment)


def keep_compiled_programs() -> None:
    """Keeps what took a second or more to compile, for later runs.

    The folder is ~/.cache/vstm; the environment variable JAX_COMPILATION_CACHE_DIR names another.
    """
    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        jax.config.update("jax_compilation_cache_dir", str(CACHE))
