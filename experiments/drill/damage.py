"""Checkpoints damaged between two starts of a run."""

import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

from experiments.drill.bench import CHECKPOINT_EVERY, UPDATES, Bench
from experiments.drill.outcome import Outcome
from experiments.run.manifest import DamageError, verified
from experiments.run.stored import CHECKPOINT_FOLDER, steps

NUM_FLIPS = 200


def flips(bench: Bench) -> Outcome:
    """Flips single bits of a checkpoint, anywhere in its files."""
    outcome = Outcome("a bit of a checkpoint flipped, anywhere in its files, and read again")
    checkpoint = bench.copy() / CHECKPOINT_FOLDER / str(UPDATES)
    for _ in range(NUM_FLIPS):
        path, before = _flip(checkpoint, bench.chance)
        try:
            verified(checkpoint)
            outcome.count(f"{path.relative_to(checkpoint)}: not noticed")
        except DamageError:
            outcome.count()
        path.write_bytes(before)
    verified(checkpoint)
    return outcome


def damaged(bench: Bench) -> Outcome:
    """Damages the newest checkpoint of a run that was stopped, in each way."""
    ways: dict[str, Callable[[Path], object]] = {
        "cut": _cut,
        "emptied": _empty,
        "a bit flipped": lambda checkpoint: _flip(checkpoint, bench.chance),
        "half deleted": _delete_half,
        "a newer one, empty": lambda checkpoint: checkpoint.with_name("1000").mkdir(),
    }
    outcome = Outcome(f"the newest checkpoint of a stopped run damaged: {', '.join(ways)}")
    stopped = bench.new_folder()
    moment = max(bench.moment(), 2 * CHECKPOINT_EVERY)  # so that there is one before
    bench.disturb(stopped, moment, lambda program: program.signal(signal.SIGTERM))
    for way in ways.values():
        if bench.left() < 2 * bench.seconds:
            break
        folder = shutil.copytree(stopped, bench.new_folder())
        way(_newest(folder))
        outcome.count(bench.goes_on(folder, outcome))
    return outcome


def damaged_at_the_end(bench: Bench) -> Outcome:
    """Damages the last checkpoint of a finished run, then all of them."""
    outcome = Outcome("the last checkpoint of a finished run emptied; then all of them")
    folder = bench.copy()
    _empty(_newest(folder))
    outcome.count(bench.goes_on(folder, outcome))
    for checkpoint in (folder / CHECKPOINT_FOLDER).iterdir():
        _empty(checkpoint)
    ended = bench.train(folder).finish()
    outcome.quote(ended.errors)
    outcome.count(ended.other_than(2))
    return outcome


def _newest(folder: Path) -> Path:
    return folder / CHECKPOINT_FOLDER / str(steps(folder)[-1])


def _files(checkpoint: Path) -> list[Path]:
    return sorted(path for path in checkpoint.rglob("*") if path.is_file())


def _flip(checkpoint: Path, chance: random.Random) -> tuple[Path, bytes]:
    """Flips a bit; returns its file, and what was in it."""
    paths = [path for path in _files(checkpoint) if path.stat().st_size]
    (path,) = chance.choices(paths, [path.stat().st_size for path in paths])
    before = path.read_bytes()
    changed = bytearray(before)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    path.write_bytes(changed)
    return path, before


def _cut(checkpoint: Path) -> None:
    for path in _files(checkpoint):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _delete_half(checkpoint: Path) -> None:
    for path in _files(checkpoint)[::2]:
        path.unlink()


def _empty(checkpoint: Path) -> None:
    shutil.rmtree(checkpoint)
    checkpoint.mkdir()
