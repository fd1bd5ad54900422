"""Errors of a predicted video, frame by frame, beside those of simpler predictions."""

import csv
from pathlib import Path
from types import TracebackType

import jax
import numpy as np

from vstm.inference.predictor import Prediction
from vstm.metrics import METRICS
from vstm.metrics.frames import mean_squared_error
from vstm.metrics.scores import frame_scores

STATIC_CHANGE = 0.02  # intensities that change less from frame to frame are taken to be still

_SCORES = [name for name, metric in METRICS.items() if metric.takes == "intensity"]
_mean_squared_error = jax.jit(mean_squared_error)


class FrameErrors:
    """Measures predictions in their order and writes a CSV line for each; a context manager.

    A line describes the predicted frame: its number from 0, its time in seconds; the prediction's
    score by each of `vstm.metrics.METRICS` that takes intensities (empty where frames are too small
    for it); the mean squared error of `copy_last` and of `zero_flow`, the last frame decoded
    without warp; the flow's mean length `flow_length` and the share `moving` of pixels whose flow
    is above a threshold; `flicker`, the mean length of the flow's change since the frame before,
    over pixels that are still in both (empty where there are none). Lengths are in pixels of the
    frame.
    """

    def __init__(self, path: Path, motion_threshold: float):
        """Opens the file.

        Args:
          path: .csv.
          motion_threshold: pixels per frame.

        Raises:
          OSError: it cannot be written.
        """
        self._file = path.open("w", newline="")
        self._threshold = motion_threshold
        self._writer: csv.DictWriter | None = None
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self._before: tuple[np.ndarray, np.ndarray] | None = None  # flow, what was still

    def __enter__(self) -> "FrameErrors":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(
        self, number: int, time: float, last: np.ndarray, target: np.ndarray, made: Prediction
    ) -> None:
        """Measures the prediction of a frame.

        Args:
          number: of the predicted frame.
          time: when it is shown, seconds.
          last: float32 [H, W], the frame before it.
          target: float32 [H, W], what it is.
          made: the prediction.
        """
        length = np.linalg.norm(made.flow, axis=-1)
        still = np.abs(target - last) < STATIC_CHANGE
        scores = frame_scores(made.frame[..., None], target[..., None])
        row: dict[str, float | None] = {
            "frame": number,
            "time": time,
            **{name: float(scores[name]) if name in scores else None for name in _SCORES},
            "copy_last": _error(last, target),
            "zero_flow": _error(made.unmoved, target),
            "flow_length": float(length.mean()),
            "moving": float((length > self._threshold).mean()),
            "flicker": self._flicker(made.flow, still),
        }
        self._before = made.flow, still
        if self._writer is None:
            self._writer = csv.DictWriter(self._file, list(row))
            self._writer.writeheader()
        self._writer.writerow(
            {name: "" if value is None else f"{value:.10g}" for name, value in row.items()}
        )
        self._file.flush()
        for name, value in row.items():
            if name not in ("frame", "time"):
                self._sums[name] = self._sums.get(name, 0.0) + (value or 0.0)
                self._counts[name] = self._counts.get(name, 0) + (value is not None)

    def means(self) -> dict[str, float | None]:
        """Mean of each column over the frames that have it; None if no frame has."""
        return {
            name: total / self._counts[name] if self._counts[name] else None
            for name, total in self._sums.items()
        }

    def _flicker(self, flow: np.ndarray, still: np.ndarray) -> float | None:
        if self._before is None:
            return None
        flow_before, still_before = self._before
        both = still & still_before
        if not both.any():
            return None
        return float(np.linalg.norm(flow - flow_before, axis=-1)[both].mean())


def _error(image: np.ndarray, target: np.ndarray) -> float:
    return float(_mean_squared_error(image[..., None], target[..., None]))
