import os
import subprocess
import sys

import jax
import pytest

from experiments.run import runtime


@pytest.fixture
def executed(monkeypatch):
    """Calls of execve, which would replace the process."""
    calls = []
    monkeypatch.setattr(os, "execve", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(sys, "platform", "linux")
    return calls


def test_starts_anew_with_large_pages_and_the_same_command(executed, monkeypatch):
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    runtime.use_allocation()
    ((program, arguments, environment),) = executed
    assert (program, arguments) == (sys.executable, sys.orig_argv)
    assert environment == os.environ | {"GLIBC_TUNABLES": runtime.ALLOCATION}


def test_keeps_other_settings_of_the_c_library(executed, monkeypatch):
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.rtld.nns=4")
    runtime.use_allocation()
    assert executed[0][2]["GLIBC_TUNABLES"] == f"glibc.rtld.nns=4:{runtime.ALLOCATION}"


@pytest.mark.parametrize("setting", ["glibc.malloc.hugetlb=1", "glibc.malloc.hugetlb=0"])
def test_does_not_start_twice_or_against_the_users_setting(executed, monkeypatch, setting):
    monkeypatch.setenv("GLIBC_TUNABLES", setting)
    runtime.use_allocation()
    assert not executed


def test_does_nothing_on_other_systems(executed, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    runtime.use_allocation()
    assert not executed


@pytest.mark.skipif(sys.platform != "linux", reason="huge pages are asked for on Linux")
def test_process_keeps_its_number_and_arguments():
    code = (
        "import os, sys; from experiments.run.runtime import use_allocation; "
        "print(os.getpid(), os.environ.get('GLIBC_TUNABLES'), sys.argv[1:], flush=True); "
        "use_allocation()"
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
    assert second == f"{number} {runtime.ALLOCATION} ['--a=b c']"


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


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux can be asked")
def test_free_memory_is_given_back():
    code = (
        "import os\n"
        "from experiments.run.runtime import give_back_memory\n"
        "def resident():\n"
        "    with open('/proc/self/statm') as file:\n"
        "        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE') >> 20\n"
        "blocks = [bytes(100_000) for _ in range(2000)]\n"
        "del blocks[:-1]\n"  # the last one keeps the heap from shrinking by itself
        "before = resident()\n"
        "give_back_memory()\n"
        "print(before - resident())\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert int(process.stdout) > 100
