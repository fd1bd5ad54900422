"""Shapes are checked at run time in tests: jaxtyping's annotations of `vstm` become assertions."""

import atexit
import importlib.util
import os
import resource
import shutil
import tempfile
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from experiments.console.runtime import SETTINGS  # imports nothing of JAX

# Tests compare with references in float32 and float64, which accelerators may not hold.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# What was compiled once is loaded from then on, also by pytest's workers and by programs that tests
# start. Entries go by program, options, flags and version; a new folder each time, so that every
# session compiles each program anew.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="vstm-tests-")
    atexit.register(shutil.rmtree, os.environ["JAX_COMPILATION_CACHE_DIR"], ignore_errors=True)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
# Most of their time is compilation: without optimised machine code and, by the XLA of JAX 0.10,
# without MLIR in between, it is a quarter. (Others end a process that gives flags unknown to them.)
# The rest is as in the programs, which some tests start and compare with, bit for bit.
os.environ.setdefault(
    "XLA_FLAGS",
    f"--xla_backend_optimization_level=0 {SETTINGS['XLA_FLAGS']}"
    + " --xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
    * version("jaxlib").startswith("0.10."),
)

import jax
import jaxtyping
import pytest
from jaxtyping import install_import_hook

install_import_hook("vstm", "beartype.beartype")

# After the hook, as they import vstm.
from small_run import small_config  # noqa: E402

from experiments.console.runtime import give_back_memory  # noqa: E402


def resident_megabytes():
    """Memory that this process holds, on Linux; elsewhere the most that it has held."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # macOS counts in bytes
    return pages * resource.getpagesize() / 1e6


def pytest_runtest_setup(item):
    """Skips tests marked `bench` without their package; fails them where they were asked for."""
    for marker in item.iter_markers("bench"):
        (package,) = marker.args
        if importlib.util.find_spec(package) is None:
            stop = pytest.fail if item.config.option.markexpr == "bench" else pytest.skip
            stop(f"{package} is not installed: `make test-bench` installs it")


ALLOWED = {"megabytes": 500}


@pytest.fixture
def unchecked_annotations():
    """Shapes are not checked, as for users; nor is a symbolic batch, which is no int, refused."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(autouse=True)
def forget_compiled_programs():
    """Frees compiled programs, some 1.5 MB each, where they have become many.

    Until then those of other tests and files serve again.
    """
    yield
    if resident_megabytes() > ALLOWED["megabytes"]:
        jax.clear_caches()
        give_back_memory()
        ALLOWED["megabytes"] = max(500, resident_megabytes() + 100)  # libraries stay


@pytest.fixture
def strict_promotion():
    """Implicit promotion between types is an error, as it hides float64 or integer slips."""
    with jax.numpy_dtype_promotion("strict"):
        yield


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory):
    """Folder of a small run that was left alone; read it only."""
    from experiments.training.experiment import train_and_evaluate

    workdir = tmp_path_factory.mktemp("finished_run")
    state, received = train_and_evaluate(small_config(), workdir)
    assert received is None
    assert int(state.step) == 100
    return workdir


@pytest.fixture
def run_copy(finished_run, tmp_path):
    """A copy of the finished run, to be changed."""
    return shutil.copytree(finished_run, tmp_path / "run")


@pytest.fixture
def limited_files():
    """A context in which no file can grow beyond a number of bytes, as on a full disk.

    What it yields sets another number.
    """

    @contextmanager
    def limit(num_bytes):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)

        def lower(num_bytes):
            resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, before[1]))

        lower(num_bytes)
        try:
            yield lower
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limit


@pytest.fixture
def x64():
    """Double precision, for comparisons to many digits."""
    with jax.enable_x64(True):
        yield
