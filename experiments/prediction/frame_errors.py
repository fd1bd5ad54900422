"""Errors of a predicted video, frame by frame, beside those of simpler predictions."""

import csv
from pathlib import Path
from types import TracebackType

import jax
import jax.numpy as jnp
import numpy as np

from vstm.inference.predictor import Prediction
from vstm.metrics import METRICS
from vstm.metrics.frames import mean_squared_error
from vstm.metrics.scores import frame_scores

STATIC_CHANGE = 0.02  # intensities that change less from frame to frame are taken to be still

_SCORES = [name for name, metric in METRICS.items() if metric.takes == "intensity"]


class FrameErrors:
    """Measures predictions in their order and writes a CSV line for each; a context manager.

    A line describes the predicted frame: its number from 0, its time in seconds; the prediction's
    score by each of `vstm.metrics.METRICS` that takes intensities (empty where frames are too small
    for it); the mean squared error of `copy_last` and, where asked for, of `zero_flow`, the last
    frame decoded without warp; the flow's mean length `flow_length` and the share `moving` of
    pixels whose flow is above a threshold; `flicker`, the mean length of the flow's change since
    the frame before, over pixels that are still in both (empty where there are none). Lengths are
    in pixels of the frame.
    """

    def __init__(self, path: Path, motion_threshold: float, *, zero_flow: bool = False):
        """Opens the file.

        Args:
          path: .csv.
          motion_threshold: pixels per frame.
          zero_flow: whether there is a column of that name; it takes a second decoding.

        Raises:
          OSError: it cannot be written.
        """
        self._file = path.open("w", newline="")
        self._threshold = motion_threshold
        self._zero_flow = zero_flow
        self._writer: csv.DictWriter | None = None
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self._before: tuple[np.ndarray | jax.Array, ...] | None = None  # flow, what was still

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
          last: uint8 [H, W], the frame before it.
          target: uint8 [H, W], what it is.
          made: the prediction.
        """
        if self._before is None:
            self._before = made.flow, np.zeros(target.shape, bool)
        measured, still = _measured(
            made.frame, made.flow, last, target, self._before, self._threshold
        )
        self._before = made.flow, still
        values = {name: float(value) for name, value in measured.items()}
        num_still = values.pop("num_still")
        changes = values.pop("changes")
        zero_flow = {"zero_flow": float(_error(made.unmoved, target))} if self._zero_flow else {}
        row: dict[str, float | None] = {
            "frame": number,
            "time": time,
            **{name: values.pop(name, None) for name in _SCORES},
            "copy_last": values.pop("copy_last"),
            **zero_flow,
            **values,
            "flicker": changes / num_still if num_still else None,
        }
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


def compile_errors(size: tuple[int, int]) -> None:
    """Compiles what frames of a size, (H, W), are measured by."""
    image, flow = np.zeros(size, np.float32), np.zeros((*size, 2), np.float32)
    shown = np.zeros(size, np.uint8)
    _measured(image, flow, shown, shown, (flow, shown.astype(bool)), 0.0)


@jax.jit
def _measured(
    frame: jax.Array,
    flow: jax.Array,
    last: jax.Array,
    target: jax.Array,
    before: tuple[jax.Array, jax.Array],
    threshold: float,
) -> tuple[dict[str, jax.Array], jax.Array]:
    """Scalars by name, and what is still; one program, as its parts share what they read."""
    last, real = _real(last), _real(target)
    still = jnp.abs(real - last) < STATIC_CHANGE
    length, both = _length(flow), still & before[1]
    return {
        **frame_scores(frame[..., None], real[..., None]),
        "copy_last": mean_squared_error(last[..., None], real[..., None]),
        "flow_length": jnp.mean(length),
        "moving": jnp.mean(length > threshold),
        "changes": jnp.sum(jnp.where(both, _length(flow - before[0]), 0)),
        "num_still": jnp.sum(both),
    }, still


@jax.jit
def _error(image: jax.Array, target: jax.Array) -> jax.Array:
    return mean_squared_error(image[..., None], _real(target)[..., None])


def _length(flow: jax.Array) -> jax.Array:
    return jnp.sqrt(jnp.square(flow[..., 0]) + jnp.square(flow[..., 1]))


def _real(image: jax.Array) -> jax.Array:
    return image.astype(jnp.float32) / 255
