"""Where a training run reports: progress bar, `metrics.jsonl` and TensorBoard."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import numpy as np
import tensorboardX
from tqdm import tqdm

from experiments.run.run_folder import MetricsLog

FLUSH_SECONDS = 5  # a kill loses at most so much of TensorBoard's events; the log loses nothing


class Reporter:
    """Writes scalars and pictures of one run; a context manager, which closes the files."""

    def __init__(self, folder: Path, last_step: int, num_steps: int, batch_size: int):
        """Opens the files for what follows update `last_step`.

        Args:
          folder: the run's folder.
          last_step: what was reported of later updates, before a kill, is dropped.
          num_steps: updates of the whole run.
          batch_size: sequences an update, the unit of the progress bar.
        """
        self._batch_size = batch_size
        self._log = MetricsLog(folder, last_step)
        self._board = tensorboardX.SummaryWriter(
            str(folder), purge_step=last_step + 1, flush_secs=FLUSH_SECONDS
        )
        self._progress = tqdm(
            total=num_steps * batch_size,
            initial=last_step * batch_size,
            unit="seq",
            disable=None,  # quiet where the output is not a terminal
        )

        self._started: float | None = None
        self._paused = 0.0
        self._timed_sequences = 0

    def __enter__(self) -> "Reporter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.close()
        self._log.close()
        self._board.close()

    def advance(self) -> None:
        """Moves the progress bar on by one update; the first one, which compiles, isn't timed."""
        self._progress.update(self._batch_size)
        if self._started is None:
            self._started = time.perf_counter()
        else:
            self._timed_sequences += self._batch_size

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Stops the clock of `speed` while something else than an update runs."""
        start = time.perf_counter()
        yield
        self._paused += time.perf_counter() - start

    def speed(self, step: int) -> None:
        """Writes sequences a second since the last call, without the pauses."""
        now = time.perf_counter()
        if self._started is not None and self._timed_sequences:
            rate = self._timed_sequences / (now - self._started - self._paused)
            self.scalars(step, "speed", {"sequences_per_second": rate})
        self._started, self._paused, self._timed_sequences = now, 0.0, 0

    def show_loss(self, loss: float) -> None:
        """Shows a loss beside the progress bar."""
        self._progress.set_postfix(loss=f"{loss:.4f}")

    def scalars(self, step: int, group: str, values: Mapping[str, float | None]) -> None:
        """Writes values as `group/name`; None is kept in the log and left out of TensorBoard."""
        named = {f"{group}/{name}": value for name, value in values.items()}
        self._log.write(step, named)
        for name, value in named.items():
            if value is not None:
                self._board.add_scalar(name, value, step)

    def text(self, name: str, text: str) -> None:
        """Writes a text, as it is, to TensorBoard."""
        self._board.add_text(name, f"```\n{text}```", 0)

    def picture(self, step: int, name: str, picture: np.ndarray) -> None:
        """Writes a picture, uint8 [rows, columns, 3], to TensorBoard."""
        self._board.add_image(name, picture, step, dataformats="HWC")
