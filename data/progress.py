"""How far a long task is: a bar on a terminal, else lines of text, so that a log grows too."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 30.0
Item = TypeVar("Item")


def announce(text: str) -> None:
    """Says at once what begins."""
    print(text, flush=True)


@contextmanager
def still_at_it(text: str) -> Iterator[None]:
    """Says what begins, and every half minute that it goes on; for what cannot be counted."""
    announce(f"{text} ...")
    with _reminders(lambda seconds: f"{text}: {seconds:.0f} s so far"):
        yield


def counted(items: Sequence[Item], text: str, unit: str) -> Iterator[Item]:
    """The items, with a bar on standard error where all output goes to a terminal.

    Else a line comes at the start, every half minute, also while one item takes longer than
    that, and at the end.

    Args:
      items: what is to be done.
      text: what is done with them.
      unit: name of one.
    """
    if sys.stderr.isatty() and sys.stdout.isatty():
        yield from tqdm(items, desc=text, unit=unit)
        return
    done = 0

    def line(seconds: float) -> str:
        left = f", {seconds / done * (len(items) - done):.0f} s left" if done else ""
        return f"{text}: {done} of {len(items)} {unit}s, {seconds:.0f} s so far{left}"

    announce(f"{text}: {len(items)} {unit}s")
    start = time.monotonic()
    with _reminders(line):
        for item in items:
            yield item
            done += 1
    announce(f"{text}: {done} {unit}s in {time.monotonic() - start:.0f} s")


@contextmanager
def _reminders(line: Callable[[float], str]) -> Iterator[None]:
    """Prints a line every half minute until the block ends."""
    start, ended = time.monotonic(), threading.Event()

    def remind() -> None:
        while not ended.wait(SECONDS_BETWEEN_LINES):
            announce(line(time.monotonic() - start))

    thread = threading.Thread(target=remind, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
