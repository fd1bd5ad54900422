"""Programs of this project as processes, watched and disturbed from outside."""

import atexit
import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.console.runtime import with_settings

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0  # seconds after which a process counts as hung
_DROP_CAPABILITY, _OVERRIDE_PERMISSIONS = 24, 1  # of prctl and of Linux's capabilities


@dataclass(frozen=True)
class Ended:
    """How a program ended.

    Attributes:
      code: its status; None where it hung and was killed.
      output: standard output.
      errors: standard error.
    """

    code: int | None
    output: str
    errors: str

    def other_than(self, code: int) -> str | None:
        """What is wrong where it should have ended with a status, in a line where that is 2."""
        if self.code is None:
            return "hung"
        if self.code != code:
            return f"status {self.code}, expected {code}: {self.errors[-300:]}"
        if "Traceback" in self.errors or (code == 2 and len(self.error_lines()) != 1):
            return f"more than a line: {self.errors[-300:]}"
        return None

    def error_lines(self) -> list[str]:
        """The lines that begin with `error:`."""
        return [line for line in self.errors.splitlines() if line.startswith("error: ")]


def config_flags(fields: Mapping[str, object]) -> list[str]:
    """Fields of a configuration by their paths, as a program's flags."""
    return [f"--config.{path}={value}" for path, value in fields.items()]


class Program:
    """A running `python -m NAME FLAGS`."""

    def __init__(
        self,
        name: str,
        flags: Sequence[str],
        scratch: Path,
        *,
        output: Path | None = None,
        obeys_permissions: bool = False,
        **variables: str,
    ):
        """Starts it.

        Args:
          name: of the module.
          flags: its arguments.
          scratch: folder for its output and the compiled programs.
          output: file for its standard output, elsewhere.
          obeys_permissions: takes root's right to write anywhere from it, on Linux.
          **variables: of its environment.
        """
        stem = scratch / f"{time.monotonic_ns()}"
        self._output, self._errors = output or stem.with_suffix(".out"), stem.with_suffix(".err")
        environment = with_settings(
            os.environ
            | {
                "JAX_PLATFORMS": "cpu",
                "JAX_COMPILATION_CACHE_DIR": str(scratch / "compiled"),
                "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            }
            | variables
        )
        with self._output.open("wb") as out, self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", name, *flags],
                cwd=ROOT,
                env=environment,
                stdout=out,
                stderr=errors,
                preexec_fn=_obey_permissions if obeys_permissions else None,
            )
        atexit.register(self._process.kill)  # where the drill itself is stopped

    @property
    def pid(self) -> int:
        """Its process's number."""
        return self._process.pid

    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def wait_until(self, reached: Callable[[], bool], seconds: float = PATIENCE) -> bool:
        """Waits until something is reached; whether that was so before the program ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.running():
            if reached():
                return True
            time.sleep(0.0005)
        return False

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal, if it still runs."""
        if self.running():
            self._process.send_signal(number)

    def limit_files(self, num_bytes: int) -> None:
        """Lets none of its files grow beyond a size from now on."""
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (num_bytes, num_bytes))

    def finish(self) -> Ended:
        """Waits for its end; a hung one is killed."""
        try:
            code: int | None = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            code = None
        output, errors = (path.read_text(errors="replace") for path in (self._output, self._errors))
        return Ended(code, output, errors)


def _obey_permissions() -> None:
    ctypes.CDLL(None).prctl(_DROP_CAPABILITY, _OVERRIDE_PERMISSIONS)
