"""A process that reads damaged files, watched from outside and replaced when it hangs or ends."""

import multiprocessing
import resource
import tempfile
import zlib
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from experiments.console.errors import UserError

PATIENCE = 10.0  # seconds for an input
GROWTH = 2**30  # bytes by which reading one may grow the process
OUTCOMES = ("documented", "accepted", "nameless", "other", "hang", "growth", "crash")
FAULTS = OUTCOMES[2:]
_START = 300.0  # seconds until a worker is ready


class Worker:
    """A process that reads, replaced when it is killed or ends."""

    def __init__(self, place: Path):
        self._place = place
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, self._place), daemon=True)
        self._process.start()
        theirs.close()
        if not self._pipe.poll(_START):
            raise RuntimeError("a worker does not start")
        self._pipe.recv()

    def read(self, name: str, number: int, seed: int) -> tuple[str, str, Path]:
        """Outcome, what is said of it, and the file."""
        self._pipe.send((name, number, seed))
        file = self._place
        try:
            file = self._pipe.recv()  # written; from now on it is read
            if self._pipe.poll(PATIENCE):
                return *self._pipe.recv(), file
            outcome, text = "hang", f"longer than {PATIENCE:g} s"
        except EOFError:
            self._process.join()
            outcome, text = "crash", f"status {self._process.exitcode}"
        self.end()
        self._start()
        return outcome, text, file

    def end(self) -> None:
        """Kills the process."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _work(pipe: Connection, place: Path) -> None:
    """Reads what it is asked to, until it is killed."""
    from experiments.drill.fuzz.readers import READERS, Reader

    made: dict[str, tuple[Reader, Path, dict[str, bytes]]] = {}
    _bound_memory()
    pipe.send("ready")
    while True:
        name, number, seed = pipe.recv()
        if name not in made:
            folder = Path(tempfile.mkdtemp(dir=place)) / "folder"
            folder.mkdir()
            made[name] = READERS[name], folder, READERS[name].make(folder)
        reader, folder, whole = made[name]
        for path, content in whole.items():  # the last input's damage
            (folder / path).write_bytes(content)
        rng = np.random.default_rng((seed, zlib.crc32(name.encode()), number))
        path, content = list(whole.items())[rng.integers(len(whole))]
        reader.write(folder / path, reader.mutate(rng, content))
        pipe.send(folder / path)
        pipe.send(_outcome(reader.read, folder / path))


def _outcome(read: Callable[[Path], object], path: Path) -> tuple[str, str]:
    before = _largest(anew=True)
    try:
        read(path)
        outcome, text = "accepted", ""
    except Exception as error:
        outcome, text = "other", f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        if isinstance(error, OSError | ValueError | UserError):
            outcome = "documented" if str(path.parent) in str(error) else "nameless"
        if isinstance(error.__cause__ or error, MemoryError):
            outcome = "growth"
    growth = _largest() - before
    return (outcome, text) if growth <= GROWTH else ("growth", f"{growth / 2**20:.0f} MiB")


def _largest(*, anew: bool = False) -> int:
    """Most bytes that this process held, on Linux: until now, or from now on."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def _bound_memory() -> None:
    """What asks for several times `GROWTH` fails, rather than the machine."""
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + 4 * GROWTH,) * 2)
