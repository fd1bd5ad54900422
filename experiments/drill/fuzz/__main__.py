"""Gives thousands of damaged files to every reader, and counts what becomes of them.

    python -m experiments.drill.fuzz --count=10000 [--seed=0] [--keep=DIR] [--readers=video,images]

A reader may accept a file or raise its documented error (OSError, ValueError or UserError) with the
file's name. Everything else is a fault: another exception, an error that names no file, a hang, a
growth of memory, an end of the process. Each input is read by a worker, which is killed when it
takes longer than `PATIENCE`; the status is 1 where there was a fault.
"""

import multiprocessing
import resource
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from absl import flags

from data.progress import Progress, say
from experiments.console.errors import UserError
from experiments.run import command_line

PATIENCE = 10.0  # seconds for an input
GROWTH = 2**30  # bytes by which reading one may grow the process
_START = 300.0  # seconds until a worker is ready
OUTCOMES = ("documented", "accepted", "nameless", "other", "hang", "growth", "crash")
FAULTS = OUTCOMES[2:]

_FLAGS = flags.FlagValues()
_COUNT = flags.DEFINE_integer("count", 10_000, "Inputs of all readers.", 1, flag_values=_FLAGS)
_SEED = flags.DEFINE_integer("seed", 0, "Of the damages.", 0, flag_values=_FLAGS)
_KEEP = flags.DEFINE_string("keep", "", "Folder for what caused faults.", flag_values=_FLAGS)
_READERS = flags.DEFINE_list(
    "readers", [], "Names that begin so; all if empty.", flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> int:
    from experiments.drill.fuzz.readers import READERS

    names = [name for name in READERS if name.startswith(tuple(_READERS.value or [""]))]
    if not names:
        raise UserError(
            f"--readers={','.join(_READERS.value)}: expected some of {', '.join(READERS)}"
        )
    counts = fuzz(names, -(-_COUNT.value // len(names)), _SEED.value, _KEEP.value)
    print(table(counts))
    return int(any(count[fault] for count in counts.values() for fault in FAULTS))


def table(counts: dict[str, Counter[str]]) -> str:
    """A line a reader: its inputs and what became of them."""
    lines = [f"| reader | inputs | {' | '.join(OUTCOMES)} |", "|---" * (len(OUTCOMES) + 2) + "|"]
    for name, count in [*counts.items(), ("all", sum(counts.values(), Counter()))]:
        cells = [name, count.total(), *(count[outcome] for outcome in OUTCOMES)]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def fuzz(names: Sequence[str], count: int, seed: int, keep: str = "") -> dict[str, Counter[str]]:
    """Outcomes by reader.

    Args:
      names: of the readers.
      count: inputs of each.
      seed: of the damages; an input depends on nothing else than it, its reader and number.
      keep: folder into which inputs are copied that caused a fault; "" for none.
    """
    counts: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as place, _progress(len(names) * count) as progress:
        worker = _Worker(Path(place))
        for name in names:
            counts[name] = Counter()
            for number in range(count):
                outcome, text, file = worker.read(name, number, seed)
                counts[name][outcome] += 1
                progress.advance(reader=name)
                if outcome in FAULTS:
                    say(f"{outcome}: {name}, input {number}: {text}")
                    if keep and file.is_file():
                        target = Path(keep) / f"{name.replace(' ', '_')}_{number}_{file.name}"
                        target.parent.mkdir(parents=True, exist_ok=True)
                        target.write_bytes(file.read_bytes())
        worker.end()
    return counts


def _progress(total: int) -> Progress:
    return Progress(total, unit="input", description="reading damaged files", leave=False)


class _Worker:
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


if __name__ == "__main__":
    sys.exit(main())
