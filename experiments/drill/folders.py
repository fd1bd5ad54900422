"""A run's folder renamed, removed, replaced or made read-only while the run trains in it."""

import shutil
from collections.abc import Callable
from pathlib import Path

from experiments.drill.bench import Bench
from experiments.drill.outcome import Outcome
from experiments.drill.program import Program
from experiments.run.lock import LOCK_FILE


def renamed(bench: Bench) -> Outcome:
    """Renames the folder; the run goes on under the new name."""
    outcome, folder, moved = _start(bench, "the folder renamed while training")
    _disturb(bench, outcome, folder, lambda program: folder.rename(moved))
    outcome.count(_made_again(folder), bench.goes_on(moved))
    return outcome


def removed(bench: Bench) -> Outcome:
    """Removes the folder; the run begins again."""
    outcome, folder, _ = _start(bench, "the folder removed while training")
    # Files that appear meanwhile are in the way of rmtree.
    aside = bench.new_folder()

    def remove(program: Program) -> None:
        folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)

    _disturb(bench, outcome, folder, remove)
    outcome.count(_made_again(folder), bench.goes_on(folder))
    return outcome


def replaced(bench: Bench) -> Outcome:
    """Puts another run's folder in its place; both go on."""
    outcome, folder, moved = _start(bench, "another run's folder put in its place while training")
    other = bench.copy()
    before = _content(other)

    def replace(program: Program) -> None:
        folder.rename(moved)
        other.rename(folder)

    _disturb(bench, outcome, folder, replace)
    changed = "the other run was written to" if _content(folder) != before else None
    outcome.count(changed, bench.goes_on(moved))
    return outcome


def unlocked(bench: Bench) -> Outcome:
    """Removes the file that is locked."""
    outcome, folder, _ = _start(bench, "the file lock removed while training")
    _disturb(bench, outcome, folder, lambda program: (folder / LOCK_FILE).unlink())
    outcome.count(bench.goes_on(folder))
    return outcome


def read_only(bench: Bench) -> Outcome:
    """Makes the folder read-only, with those below it, from an update on and from the start."""
    outcome, folder, _ = _start(bench, "the folder read-only, while training and at the start")

    def protect(program: Program | None) -> None:
        for path in (folder, *folder.rglob("*/")):
            path.chmod(0o555)

    def release() -> None:
        for path in (folder, *folder.rglob("*/")):
            path.chmod(0o755)

    ended = bench.disturb(folder, bench.moment(), protect, obeys_permissions=True)
    outcome.quote(ended.errors)
    outcome.count(ended.other_than(2))
    protect(None)
    ended = bench.train(folder, obeys_permissions=True).finish()
    outcome.quote(ended.errors)
    outcome.count(ended.other_than(2))
    release()
    outcome.count(bench.goes_on(folder))
    return outcome


def _start(bench: Bench, done: str) -> tuple[Outcome, Path, Path]:
    return Outcome(done), bench.new_folder(), bench.new_folder()


def _disturb(
    bench: Bench, outcome: Outcome, folder: Path, act: Callable[[Program], object]
) -> None:
    ended = bench.disturb(folder, bench.moment(), act)
    outcome.quote(ended.errors)
    outcome.count(ended.other_than(2))


def _made_again(folder: Path) -> str | None:
    return f"{folder.name} was made again" if folder.exists() else None


def _content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
