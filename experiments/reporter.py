"""Where a training run reports: progress bar, `metrics.jsonl` and TensorBoard."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import numpy as np
import tensorboardX
from tqdm import tqdm

from experiments.run_folder import MetricsLog


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
        self._board = tensorboardX.SummaryWriter(str(folder), purge_step=last_step + 1)
        self._progress = tqdm(
            total=num_steps * batch_size,
            initial=last_step * batch_size,
            unit="seq",
            disable=None,  # quiet where the output is not a terminal
        )

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
        """Moves the progress bar on by one update."""
        self._progress.update(self._batch_size)

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
