"""Work that a thread does behind the one that predicts."""

import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

MAX_WAITING = 4  # calls; each holds what it was given


class Background:
    """Calls functions one after another in one thread; a context manager, which ends it.

    What is raised there is raised here, by the next `call` or at the end; later calls don't happen
    then. After an error here, calls that wait are dropped.
    """

    def __init__(self, max_waiting: int = MAX_WAITING):
        """Prepares the thread.

        Args:
          max_waiting: calls that may wait; `call` waits for room.
        """
        self._waiting: queue.Queue[Callable[[], Any] | None] = queue.Queue(max_waiting)
        self._error: BaseException | None = None
        self._dropped = False
        self._thread = threading.Thread(target=self._run, name="background", daemon=True)

    def __enter__(self) -> "Background":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._dropped = error is not None
        self._waiting.put(None)
        self._thread.join()
        if error is None:
            self._raise()

    def call(self, function: Callable[[], Any]) -> None:
        """Has a function called after those before it."""
        self._raise()
        self._waiting.put(function)

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (function := self._waiting.get()) is not None:
            if self._error is None and not self._dropped:
                try:
                    function()
                except BaseException as error:
                    self._error = error
