"""Shapes are checked at run time in tests: jaxtyping's annotations of `vstm` become assertions."""

import os

from experiments.run.runtime import SETTINGS  # imports nothing of JAX

# Tests compare with references in float32 and float64, which accelerators may not hold.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Most of their time is compilation, which machine code that is not optimised halves. The rest is as
# in the programs, which some tests start and compare with, bit for bit.
os.environ.setdefault("XLA_FLAGS", f"--xla_backend_optimization_level=0 {SETTINGS['XLA_FLAGS']}")

import jax
import pytest
from jaxtyping import install_import_hook

install_import_hook("vstm", "beartype.beartype")

from small_run import small_config  # noqa: E402  after the hook, as it imports vstm


@pytest.fixture
def strict_promotion():
    """Implicit promotion between types is an error, as it hides float64 or integer slips."""
    with jax.numpy_dtype_promotion("strict"):
        yield


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory):
    """Folder of a small run that was left alone; read it only."""
    from experiments.training import train_and_evaluate

    workdir = tmp_path_factory.mktemp("finished_run")
    state, received = train_and_evaluate(small_config(), workdir)
    assert received is None
    assert int(state.step) == 100
    return workdir


@pytest.fixture
def x64():
    """Double precision, for comparisons to many digits."""
    with jax.enable_x64(True):
        yield
