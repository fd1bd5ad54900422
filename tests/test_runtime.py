import os
import subprocess
import sys

import jax
import pytest

from experiments import runtime


@pytest.fixture
def executed(monkeypatch):
    """Calls of execve, which would replace the process."""
    calls = []
    monkeypatch.setattr(os, "execve", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(sys, "platform", "linux")
    return calls


def test_starts_anew_with_huge_pages_and_the_same_command(executed, monkeypatch):
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    runtime.use_huge_pages()
    ((program, arguments, environment),) = executed
    assert (program, arguments) == (sys.executable, sys.orig_argv)
    assert environment == os.environ | {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


def test_keeps_other_settings_of_the_c_library(executed, monkeypatch):
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.check=0")
    runtime.use_huge_pages()
    assert executed[0][2]["GLIBC_TUNABLES"] == "glibc.malloc.check=0:glibc.malloc.hugetlb=1"


@pytest.mark.parametrize("setting", ["glibc.malloc.hugetlb=1", "glibc.malloc.hugetlb=0"])
def test_does_not_start_twice_or_against_the_users_setting(executed, monkeypatch, setting):
    monkeypatch.setenv("GLIBC_TUNABLES", setting)
    runtime.use_huge_pages()
    assert not executed


def test_does_nothing_on_other_systems(executed, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    runtime.use_huge_pages()
    assert not executed


@pytest.mark.skipif(sys.platform != "linux", reason="huge pages are asked for on Linux")
def test_process_keeps_its_number_and_arguments():
    code = (
        "import os, sys; from experiments.runtime import use_huge_pages; "
        "print(os.getpid(), os.environ.get('GLIBC_TUNABLES'), sys.argv[1:], flush=True); "
        "use_huge_pages()"
    )
    environment = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"}
    process = subprocess.run(
        [sys.executable, "-c", code, "--a=b c"],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    first, second = process.stdout.splitlines()
    number = first.split()[0]
    assert first == f"{number} None ['--a=b c']"
    assert second == f"{number} glibc.malloc.hugetlb=1 ['--a=b c']"


@pytest.fixture
def cache_setting():
    before = jax.config.jax_compilation_cache_dir
    yield
    jax.config.update("jax_compilation_cache_dir", before)


def test_compiled_programs_are_kept_in_the_users_cache(cache_setting, monkeypatch):
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    runtime.keep_compiled_programs()
    assert jax.config.jax_compilation_cache_dir == str(runtime.CACHE)


def test_the_environments_folder_goes_first(cache_setting, monkeypatch, tmp_path):
    jax.config.update("jax_compilation_cache_dir", str(tmp_path))
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path))
    runtime.keep_compiled_programs()
    assert jax.config.jax_compilation_cache_dir == str(tmp_path)
