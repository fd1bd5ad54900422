"""How far something is: a bar on a terminal, a line now and then where output goes to a file."""

import sys
import time
from collections.abc import Callable
from types import TracebackType

from tqdm import tqdm

SECONDS_A_LINE = 30.0


class Progress:
    """Progress of something that takes long; a context manager.

    On a terminal, standard error shows a bar. Where standard output or error is a file or a pipe,
    standard output has a line every 30 seconds and at the end, so that `PROGRAM > log` keeps them:

        training: 1,200/6,000 sequences, 4.1 sequences/s, 19 min left, update 300, loss 0.0931
    """

    def __init__(
        self,
        total: int,
        *,
        unit: str,
        description: str,
        initial: int = 0,
        leave: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ):
        """Starts the clock.

        Args:
          total: units of the whole.
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
        self._started = self._last_line = clock()
        terminal = sys.stderr.isatty()
        self._lines = not (terminal and sys.stdout.isatty())
        self._bar = tqdm(
            total=total,
            initial=initial,
            desc=description,
            unit=f" {unit}s",
            leave=leave,
            disable=not terminal,
        )

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
        if self._lines and self._clock() - self._last_line >= SECONDS_A_LINE:
            self._last_line = self._clock()
            self._print()

    def show(self, **shown: object) -> None:
        """Shows values from now on, see `advance`."""
        if shown:
            self._shown |= {name: _text(value) for name, value in shown.items()}
            self._bar.set_postfix(self._shown, refresh=False)

    def _print(self) -> None:
        self._printed = self._done
        elapsed = self._clock() - self._started
        parts = [f"{self._description}: {self._done:,}/{self._total:,} {self._unit}s"]
        done = self._done - self._initial
        if done and elapsed:
            parts.append(f"{done / elapsed:.3g} {self._unit}s/s")
            left = (self._total - self._done) * elapsed / done
            parts.append(f"{_duration(left)} left" if left else f"in {_duration(elapsed)}")
        parts += [f"{name} {value}" for name, value in self._shown.items()]
        say(", ".join(parts))


def say(text: str) -> None:
    """Prints a line at once, above the bars."""
    tqdm.write(text, file=sys.stdout)
    sys.stdout.flush()


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _duration(seconds: float) -> str:
    """Whole seconds, minutes from two on, hours and minutes from two hours on."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
