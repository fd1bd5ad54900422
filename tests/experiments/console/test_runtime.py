import os
import subprocess
import sys

import pytest

from experiments.console import runtime


@pytest.fixture
def executed(monkeypatch):
    """Calls of execve, which would replace the process."""
    calls = []
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(os, "execve", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(sys, "platform", "linux")
    return calls


def test_starts_anew_with_large_pages_and_the_same_command(executed, monkeypatch):
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    runtime.set_up_process()
    ((program, arguments, environment),) = executed
    assert (program, arguments) == (sys.executable, sys.orig_argv)
    assert environment["GLIBC_TUNABLES"] == runtime.ALLOCATION
    runtime.set_up_process()
    assert len(executed) == 1


def test_environment_keeps_what_the_user_has_set_and_adds_the_rest(monkeypatch):
    settings = {"GLIBC_TUNABLES": "a=1:b=2", "XLA_FLAGS": "--x=1 --y=", "CACHE": "ours"}
    monkeypatch.setattr(runtime, "SETTINGS", settings)

    def merged(**environment):
        return runtime.with_settings(environment)

    assert merged(HOME="h") == settings | {"HOME": "h"}
    assert merged(CACHE="") == settings | {"CACHE": ""}
    theirs = merged(GLIBC_TUNABLES="c=3:b=9", XLA_FLAGS="--y=theirs  --z='1 2'", CACHE="theirs")
    assert theirs == {
        "GLIBC_TUNABLES": "c=3:b=9:a=1",
        "XLA_FLAGS": "--y=theirs  --z='1 2' --x=1",
        "CACHE": "theirs",
    }
    assert runtime.with_settings(theirs) == theirs
    assert merged(XLA_FLAGS="flags.txt")["XLA_FLAGS"] == "flags.txt"  # a file, as XLA reads it
    assert merged(XLA_FLAGS="")["XLA_FLAGS"] == settings["XLA_FLAGS"]


@pytest.mark.parametrize(
    "jaxlib, expected",
    [("0.10.2", True), ("0.12.0.1", True), ("0.9.2", False), ("0.13.0", False), ("1.0", False)],
)
def test_xla_is_given_the_flag_by_versions_that_know_it(jaxlib, expected):
    assert (runtime.xla_flags(jaxlib) == runtime.YNN_OFF) == expected


def test_does_not_start_anew_against_the_users_settings(executed, monkeypatch):
    names = ("hugetlb", "mmap_threshold", "trim_threshold")
    theirs = ":".join(f"glibc.malloc.{name}=0" for name in names)
    monkeypatch.setenv("GLIBC_TUNABLES", theirs)
    runtime.set_up_process()
    assert not executed
    assert os.environ["GLIBC_TUNABLES"] == theirs


def test_sets_the_environment_alone_on_other_systems(executed, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    runtime.set_up_process()
    assert not executed
    assert os.environ["JAX_COMPILATION_CACHE_DIR"] == str(runtime.CACHE)


@pytest.mark.skipif(sys.platform != "linux", reason="huge pages are asked for on Linux")
def test_process_keeps_its_number_and_arguments():
    code = (
        "import os, sys; from experiments.console.runtime import set_up_process; "
        "print(os.getpid(), os.environ.get('GLIBC_TUNABLES'), sys.argv[1:], flush=True); "
        "set_up_process(); import jax; print(jax.config.jax_compilation_cache_dir)"
    )
    unset = ("GLIBC_TUNABLES", "JAX_COMPILATION_CACHE_DIR")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    process = subprocess.run(
        [sys.executable, "-c", code, "--a=b c"],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    first, second, cache = process.stdout.splitlines()
    number = first.split()[0]
    assert first == f"{number} None ['--a=b c']"
    assert second == f"{number} {runtime.ALLOCATION} ['--a=b c']"
    assert cache == str(runtime.CACHE)


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux can be asked")
def test_free_memory_is_given_back():
    code = (
        "import os\n"
        "from experiments.console.runtime import give_back_memory\n"
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
