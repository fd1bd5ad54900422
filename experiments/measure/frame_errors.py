"""Errors of a predicted video, frame by frame, beside those of simpler predictions."""

import csv
import math
from pathlib import Path
from types import TracebackType
from typing import Any

import jax.numpy as jnp
import numpy as np

from experiments.measure.scores import frame_metrics
from vstm.metrics import SSIM_WINDOW
from vstm.video_predictor import Prediction

STATIC_CHANGE = 0.02  # intensities that change less from frame to frame are taken to be still


class FrameErrors:
    """Measures predictions in their order and writes a CSV line for each; a context manager.

    A line tells of the frame that was predicted: its number from 0, its time in seconds;
    `mean_squared_error`, `psnr` and `ssim` of the prediction; the mean squared error of `copy_last`
    and of `zero_flow`, the last frame decoded without warp; the flow's mean length `flow_length`
    and the share `moving` of pixels whose flow is above a threshold; `flicker`, the mean length of
    the flow's change since the frame before, over pixels that are still in both (empty where there
    are none). Lengths are in pixels of the frame.
    """

    def __init__(self, path: Path, motion_threshold: float):
        """Opens the file.

        Args:
          path: .csv.
          motion_threshold: pixels a frame.

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
        row: dict[str, Any] = {"frame": number, "time": time}
        row |= self._image_errors(made.frame, target)
        row |= {
            "copy_last": _mean_squared(last, target),
            "zero_flow": _mean_squared(made.unmoved, target),
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
            if value is not None and name not in ("frame", "time"):
                self._sums[name] = self._sums.get(name, 0.0) + value
                self._counts[name] = self._counts.get(name, 0) + 1

    def means(self) -> dict[str, float]:
        """Mean of each column over the frames that have it."""
        return {name: total / self._counts[name] for name, total in self._sums.items()}

    def _image_errors(self, prediction: np.ndarray, target: np.ndarray) -> dict[str, float | None]:
        if min(target.shape) < SSIM_WINDOW:
            error = _mean_squared(prediction, target)
            psnr = None if error == 0 else -10 * math.log10(error)
            return {"mean_squared_error": error, "psnr": psnr, "ssim": None}
        values = frame_metrics(
            jnp.asarray(prediction)[None, :, :, None], jnp.asarray(target)[None, :, :, None]
        )
        return {name: float(values[name][0]) for name in ("mean_squared_error", "psnr", "ssim")}

    def _flicker(self, flow: np.ndarray, still: np.ndarray) -> float | None:
        if self._before is None:
            return None
        flow_before, still_before = self._before
        both = still & still_before
        if not both.any():
            return None
        return float(np.linalg.norm(flow - flow_before, axis=-1)[both].mean())


def _mean_squared(prediction: np.ndarray, target: np.ndarray) -> float:
    return float(np.mean(np.square(prediction.astype(np.float64) - target)))
