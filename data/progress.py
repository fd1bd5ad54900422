"""How far a long task is: a bar on a terminal, a line every half minute in a log."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import TracebackType
from typing import TextIO

from tqdm import tqdm

SECONDS_A_LINE = 30.0
_running: list[threading.Event] = []  # of the blocks that print lines; the innermost is last


class Progress:
    """Progress of a long task; a context manager.

    On a terminal, standard error shows a bar. Where standard output or error is a file or a pipe,
    standard output has a line every half minute, also while one unit takes longer than that, and at
    the end, so that `PROGRAM > log` keeps them:

        training: 1,200/6,000 sequences, 4.1 sequences/s, 19 min left, update 300, loss 0.0931

    A task within another prints its own lines only.
    """

    def __init__(
        self,
        total: int | None,
        *,
        unit: str,
        description: str,
        initial: int = 0,
        leave: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ):
        """Starts the clock.

        Args:
          total: units of the whole; None if unknown.
          unit: what is counted, in the singular.
          description: what is done, as in `training`.
          initial: units that were done before.
          leave: whether the end is shown too of what takes less than a line's time.
          clock: gives the time in seconds.
        """
        self._total, self._unit, self._description = total, unit, description
        self._initial = self._done = initial
        self._leave, self._clock = leave, clock
        self._shown: dict[str, object] = {}
        self._printed: int | None = None
        self._started = clock()
        terminal = _shows_bars(sys.stderr)
        self._lines = not (terminal and _shows_bars(sys.stdout))
        self._reminders = ExitStack()
        self._bar = tqdm(
            total=total,
            initial=initial,
            desc=description,
            unit=f" {unit}s",
            leave=leave,
            disable=not terminal,
        )

    def __enter__(self) -> "Progress":
        if self._lines:
            self._reminders.enter_context(_every_half_minute(self._print))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reminders.close()
        self._bar.close()
        if (
            self._lines
            and self._done != self._printed
            and (self._leave or self._printed is not None)
        ):
            self._print()

    def advance(self, count: int = 1, **shown: object) -> None:
        """Counts units as done.

        Args:
          count: how many.
          **shown: values to show from now on, by name; a float is shown to four digits.
        """
        self._done += count
        self.show(**shown)
        self._bar.update(count)

    def show(self, **shown: object) -> None:
        """Shows values from now on, see `advance`."""
        if shown:
            self._shown |= {name: _text(value) for name, value in shown.items()}
            self._bar.set_postfix(self._shown, refresh=False)

    def line(self) -> str:
        """What a log says at this time."""
        elapsed = self._clock() - self._started
        whole = "" if self._total is None else f"/{self._total:,}"
        parts = [f"{self._description}: {self._done:,}{whole} {self._unit}s"]
        done = self._done - self._initial
        if done and elapsed:
            parts.append(f"{done / elapsed:.3g} {self._unit}s/s")
            left = (self._total - self._done) * elapsed / done if self._total is not None else 0
            parts.append(f"{_duration(left)} left" if left else f"in {_duration(elapsed)}")
        return ", ".join([*parts, *(f"{name} {value}" for name, value in self._shown.items())])

    def _print(self) -> None:
        self._printed = self._done
        say(self.line())


@contextmanager
def still_at_it(text: str) -> Iterator[None]:
    """Says what begins, and every half minute that it continues; for what cannot be counted."""
    say(f"{text} ...")
    start = time.monotonic()
    with _every_half_minute(lambda: say(f"{text}: {_duration(time.monotonic() - start)} so far")):
        yield


def say(text: str) -> None:
    """Prints a line at once, above the bars."""
    tqdm.write(text, file=sys.stdout)
    sys.stdout.flush()


@contextmanager
def _every_half_minute(act: Callable[[], None]) -> Iterator[None]:
    """Acts from a thread, as one call of XLA or of a decoder may take minutes."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(SECONDS_A_LINE):
            if _running[-1] is ended:
                with suppress(OSError):  # a log without room, which the main thread meets next
                    act()

    thread = threading.Thread(target=repeat, daemon=True, name="progress")
    _running.append(ended)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        _running.remove(ended)


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _duration(seconds: float) -> str:
    """Whole seconds, minutes from two on, hours and minutes from two hours on."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _shows_bars(stream: TextIO) -> bool:
    """Whether a stream is a terminal, and one that has a width."""
    try:
        return stream.isatty() and os.get_terminal_size(stream.fileno()).columns > 0
    except OSError:
        return stream.isatty()  # one that can't be asked
