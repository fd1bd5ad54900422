"""Files of predicted flow, one a frame."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from data.flo import write_flo
from data.kitti_flow import write_kitti


class FlowFiles:
    """Writes `frame_000042.flo` and so on, backward flow to the numbered frame."""

    def __init__(self, folder: Path, form: str):
        """Makes the folder.

        Args:
          folder: to write into; must not exist.
          form: one of `FLOW_FORMATS`; for `none` nothing is made or written.

        Raises:
          OSError: it cannot be made; so `write`.
        """
        self._folder = folder
        self._suffix, self._write = _WRITERS[form]
        if self._write is not None:
            folder.mkdir()

    def write(self, number: int, flow: np.ndarray) -> None:
        """Writes the flow [H, W, 2] to a frame from the one before; see `Prediction.flow`."""
        if self._write is not None:
            self._write(self._folder / f"frame_{number:06d}{self._suffix}", flow)


def _write_npz(path: Path, flow: np.ndarray) -> None:
    np.savez_compressed(path, flow=flow)


_WRITERS: dict[str, tuple[str, Callable[[Path, np.ndarray], None] | None]] = {
    "none": ("", None),
    "flo": (".flo", write_flo),
    "npz": (".npz", _write_npz),
    "kitti": (".png", write_kitti),
}
