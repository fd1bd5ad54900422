"""Where a training run reports: progress, `metrics.jsonl` and TensorBoard."""

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from data.progress import Progress
from experiments.run.metrics_log import MetricsLog
from experiments.training.board import Board

SMOOTHED = "smoothed"  # folder of running means, which TensorBoard draws beside the values
SMOOTHING = 0.9  # share of the earlier mean that each logged update leaves
# Of the fields, TensorBoard's table shows the first five until others are chosen.
FIRST_FIELDS = (
    "variant",
    "loss",
    "optimizer.name",
    "optimizer.learning_rate",
    "train.num_sequences",
)
TABULATED = ("train/loss", "validation/cross_entropy", "validation/mean_squared_error")


class Reporter:
    """Writes scalars and pictures of one run; a context manager, which closes the files.

    Scalars that share their axes with a run's own, such as a baseline's score, go to a folder in
    the run's folder, which TensorBoard takes for a run of that name.
    """

    def __init__(self, folder: Path, last_step: int, num_steps: int, batch_size: int):
        """Opens the files for what follows update `last_step`.

        Args:
          folder: the run's folder.
          last_step: what was reported of later updates, before a kill, is dropped.
          num_steps: updates of the whole run.
          batch_size: sequences per update, the unit of the progress.

        Raises:
          UserError: the log cannot be read or written. TensorBoard's files may fail, see `Board`.
        """
        self._folder, self._batch_size = folder, batch_size
        self._last_step = self._step = last_step
        self._log = MetricsLog(folder, last_step)
        self._boards: dict[str, Board] = {}
        self._means: dict[str, _RunningMean] = {}
        for line in self._log.earlier:
            for name, value in line.items():
                self._smooth(name, value)
        self._progress = Progress(
            num_steps * batch_size,
            unit="sequence",
            description="training",
            initial=last_step * batch_size,
        )

        self._started: float | None = None
        self._paused = 0.0
        self._timed_sequences = 0

    def __enter__(self) -> "Reporter":
        self._progress.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with ExitStack() as closing:  # all of them, whatever one raises
            for close in (self._log.close, *(board.close for board in self._boards.values())):
                closing.callback(close)
            self._progress.__exit__(kind, error, trace)

    def advance(self, num_updates: int = 1) -> None:
        """Moves the progress on by the updates of a call; the first call isn't timed."""
        self._step += num_updates
        self._progress.advance(num_updates * self._batch_size, update=self._step)
        if self._started is None:
            self._started = time.perf_counter()
        else:
            self._timed_sequences += num_updates * self._batch_size

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Stops the clock of `speed` while something else than an update runs."""
        start = time.perf_counter()
        yield
        self._paused += time.perf_counter() - start

    def speed(self, step: int) -> None:
        """Writes sequences per second since the last call, without the pauses."""
        now = time.perf_counter()
        if self._started is not None and self._timed_sequences:
            rate = self._timed_sequences / (now - self._started - self._paused)
            self.scalars(step, "speed", {"sequences_per_second": rate})
        self._started, self._paused, self._timed_sequences = now, 0.0, 0

    def show(self, **values: float) -> None:
        """Shows values beside the progress."""
        self._progress.show(**values)

    def scalars(
        self,
        step: int,
        group: str,
        values: Mapping[str, float | None],
        smoothed: Collection[str] = (),
    ) -> None:
        """Writes values as `group/name`; None is kept in the log and left out of TensorBoard.

        Args:
          step: update.
          group: first part of the names.
          values: by the second part.
          smoothed: names of which TensorBoard gets a running mean too.
        """
        named = {f"{group}/{name}": value for name, value in values.items()}
        self._log.write(step, named)
        self._to_board("", step, named)
        means = {name: self._smooth(name, value) for name, value in named.items()}
        self._to_board(SMOOTHED, step, {f"{group}/{n}": means[f"{group}/{n}"] for n in smoothed})

    def references(
        self, step: int, group: str, scores: Mapping[str, Mapping[str, float | None]]
    ) -> None:
        """Draws scores of baselines, by their names, into the diagrams of `group/name`."""
        for baseline, values in scores.items():
            named = {f"{group}/{name}": value for name, value in values.items()}
            self._to_board(baseline, step, named)

    def configuration(self, text: str, fields: Mapping[str, Any]) -> None:
        """Writes the configuration to TensorBoard, as text and to its tab of hyperparameters.

        Args:
          text: as it is read best.
          fields: by path.
        """
        self._board("").text("config", f"```\n{text}```")
        in_order = {name: fields[name] for name in (*FIRST_FIELDS, *fields) if name in fields}
        told = {n: str(v) if isinstance(v, tuple) else v for n, v in in_order.items()}
        self._board("").hyperparameters(told, dict.fromkeys(TABULATED))

    def picture(self, step: int, name: str, picture: np.ndarray) -> None:
        """Writes a picture, uint8 [rows, columns, 3], to TensorBoard."""
        self._board("").picture(name, picture, step)

    def _to_board(self, board: str, step: int, named: Mapping[str, float | None]) -> None:
        for name, value in named.items():
            if value is not None:
                self._board(board).scalar(name, value, step)

    def _board(self, name: str) -> Board:
        if name not in self._boards:
            self._boards[name] = Board(self._folder / name, self._last_step)
        return self._boards[name]

    def _smooth(self, name: str, value: float | None) -> float | None:
        return None if value is None else self._means.setdefault(name, _RunningMean()).add(value)


class _RunningMean:
    """An exponential mean without the bias of its start."""

    def __init__(self) -> None:
        self._sum = self._weight = 0.0

    def add(self, value: float) -> float:
        self._sum = SMOOTHING * self._sum + value
        self._weight = SMOOTHING * self._weight + 1
        return self._sum / self._weight
