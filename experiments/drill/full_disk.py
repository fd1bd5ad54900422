"""A full disk, at each kind of file: a small file system where it can be mounted, and a limit."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from operator import methodcaller
from pathlib import Path

from experiments.drill.bench import UPDATES, Bench, logged, saved
from experiments.drill.outcome import Outcome
from experiments.drill.program import Ended
from vstm.inference.model_file import MODEL_FILE

SIZE_MB = 24
LIMITS = (4_000, 20_000, 90_000)  # bytes: the log, a checkpoint and TensorBoard's file exceed them


def limited(bench: Bench) -> Outcome:
    """Lets no file grow beyond a size, from an update on."""
    outcome = Outcome(f"files limited to {', '.join(map(str, LIMITS))} bytes while training")
    for limit in LIMITS:
        if bench.left() < 3 * bench.seconds:
            break
        folder, moment = bench.new_folder(), bench.moment()
        ended = bench.disturb(folder, moment, methodcaller("limit_files", limit))
        outcome.quote("\n".join(ended.error_lines()))
        outcome.count(*_problems(bench, ended, folder))
    return outcome


def full(bench: Bench) -> Outcome:
    """Fills the file system of a run in different phases, to different degrees."""
    outcome = Outcome(
        f"a file system of {SIZE_MB} MB filled up: at the start, while training, "
        "before the model, before the scores, for the log"
    )
    try:
        with _small_file_system(bench.scratch / "small") as place:
            _fill_in_phases(bench, place, outcome)
    except PermissionError:
        outcome.done += " (not done: no file system can be mounted here)"
    return outcome


def _fill_in_phases(bench: Bench, place: Path, outcome: Outcome) -> None:
    phases: dict[str, Callable[[Path], bool]] = {
        "start": lambda folder: True,
        "training": lambda folder: logged(folder) >= 10,
        "training, with room for a while": lambda folder: logged(folder) >= 10,
        "model": lambda folder: saved(folder) == UPDATES,
        "scores": lambda folder: (folder / MODEL_FILE).exists(),
        "log": lambda folder: True,
    }
    for number, (phase, reached) in enumerate(phases.items()):
        if bench.left() < 3 * bench.seconds:
            break
        folder, filler = place / f"run{number}", place / "filler"
        if phase == "start":
            _fill(filler, 0)
        log = place / "log" if phase == "log" else None
        if log is not None:
            log.touch()
            _fill(filler, 0)
            folder = bench.new_folder()  # has room
        program = bench.train(folder, output=log)
        program.wait_until(partial(reached, folder))
        _fill(filler, 200_000 if "room" in phase else 0)
        ended = program.finish()
        outcome.quote("\n".join(ended.error_lines()))
        filler.unlink()
        outcome.count(*_problems(bench, ended, folder))


def _problems(bench: Bench, ended: Ended, folder: Path) -> tuple[str | None, ...]:
    """What is wrong; a run may also end well, where TensorBoard alone had no room."""
    if ended.code == 0:
        return ended.other_than(0), bench.difference(folder)
    return ended.other_than(2), bench.goes_on(folder)


def _fill(filler: Path, room: int) -> None:
    """Writes a file until no more than `room` bytes are left."""
    with filler.open("ab", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            pass
        file.truncate(max(0, file.tell() - room))


@contextmanager
def _small_file_system(place: Path) -> Iterator[Path]:
    """A file system in memory.

    Raises:
      PermissionError: none can be mounted.
    """
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "none", str(place)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PermissionError(str(error)) from error
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=False)
