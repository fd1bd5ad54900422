"""SIGTERM and Ctrl-C, answered at once.

Python runs handlers of signals between its own instructions, so not before a call of XLA returns,
which may compile for a minute. A thread that the interpreter wakes answers meanwhile.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
SECONDS_TO_END = 1.0  # that a program has to clean up


class StopSignals:
    """While entered, the first SIGTERM or SIGINT is noted; a second one ends the process at once.

    Attributes:
      received: the signal's number, or None.
    """

    def __init__(self, unit: str = "update") -> None:
        """Names what is ended first, for the note that answers a signal."""
        self._unit = unit
        self.received: int | None = None
        self._can_wait = True

    def __enter__(self) -> "StopSignals":
        self._answering = _answering(self._note, self._answer)
        self._answering.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._answering.__exit__(kind, error, trace)

    @contextmanager
    def ending_at_once(self) -> Iterator[None]:
        """While nothing is lost by it, such as when it compiles, the first ends the process too."""
        self._can_wait = False
        try:
            yield
        finally:
            self._can_wait = True

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.received = number

    def _answer(self, number: int, count: int) -> None:
        if count > 1 or not self._can_wait:
            _write(f"stopped by {signal.Signals(number).name}")
            os._exit(128 + number)
        _write(f"stopping after this {self._unit}; again to stop at once")


@contextmanager
def ending_at_once() -> Iterator[None]:
    """While entered, SIGTERM or SIGINT ends the process with status 128 + its number.

    It has a second to clean up, which a call of XLA's compiler lets pass.
    """
    cleaned_up = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    def answer(number: int, count: int) -> None:
        if count == 1:
            _write(f"stopped by {signal.Signals(number).name}")
        if count > 1 or not cleaned_up.wait(SECONDS_TO_END):
            os._exit(128 + number)

    with _answering(end, answer):
        try:
            yield
        finally:
            cleaned_up.set()


@contextmanager
def _answering(
    handler: Callable[[int, FrameType | None], None], answer: Callable[[int, int], None]
) -> Iterator[None]:
    """Handles both signals, and has a thread answer them.

    Args:
      handler: called in the main thread, when Python comes to it.
      answer: called in the thread, at once, with the signal's number and how many there were.
    """
    receiver, sender = socket.socketpair()
    sender.setblocking(False)

    def watch() -> None:
        count = 0
        while received := receiver.recv(1):
            if received[0] in _SIGNALS:
                count += 1
                answer(received[0], count)

    thread = threading.Thread(target=watch, daemon=True, name="signals")
    thread.start()
    previous_sender = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    previous = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handlers in previous.items():
            signal.signal(number, handlers)
        signal.set_wakeup_fd(previous_sender)
        sender.close()  # which ends the thread
        thread.join()
        receiver.close()


def _write(line: str) -> None:
    """To standard error, past Python's buffers, which the main thread may hold."""
    before = "\n" if os.isatty(2) else ""  # a bar may stand in the line
    os.write(2, f"{before}{line}\n".encode())
