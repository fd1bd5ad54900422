"""Scores of flows against the generator's: errors over moving pixels, motion segmentation."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from experiments.console.errors import UserError
from experiments.run.results import result_file
from vstm.metrics.flow import angular_error, endpoint_error
from vstm.metrics.motion_segments import adjusted_rand_index, motion_segments

COMPARED = ("endpoint_error", "angular_error", "within_1px", "motion_iou", "motion_ari")
THRESHOLDS = np.arange(0.25, 4.01, 0.25)  # pixels


@dataclass
class FlowScores:
    """Means over the moving pixels of all frames added, those of digits that move.

    Background just uncovered by a digit also moves, as only moved background can fill it, but more
    than one motion of it is right; it counts neither as moving nor as still.

    Attributes:
      threshold: pixels whose flow is longer move, pixels; None while it is being determined, by
        `best_threshold`.
    """

    threshold: float | None = None
    _errors: list[np.ndarray] = field(default_factory=list)
    _angles: list[np.ndarray] = field(default_factory=list)
    _rand: list[float] = field(default_factory=list)
    _both: np.ndarray = field(default_factory=lambda: np.zeros(len(THRESHOLDS)))
    _either: np.ndarray = field(default_factory=lambda: np.zeros(len(THRESHOLDS)))

    def add(self, flow: np.ndarray, truth: np.ndarray, digits: np.ndarray) -> None:
        """Adds a frame.

        Args:
          flow: [H, W, 2], pixels.
          truth: the true one.
          digits: which pixels show a digit, bool [H, W].
        """
        moves = truth.any(axis=-1)
        moving, known = moves & digits, ~moves | digits
        ours, true = jnp.asarray(flow), jnp.asarray(truth)
        self._errors.append(np.asarray(endpoint_error(ours, true))[moving])
        self._angles.append(np.asarray(angular_error(ours, true))[moving])
        length = np.linalg.norm(flow, axis=-1)
        found = (length[None] > THRESHOLDS[:, None, None]) & known
        self._both += (found & moving).sum(axis=(1, 2))
        self._either += (found | moving).sum(axis=(1, 2))
        if self.threshold is not None:
            motions, segments = np.unique(truth[moving], axis=0, return_inverse=True)
            true_segments = np.zeros(moving.shape, int)
            true_segments[moving] = 1 + segments.ravel()
            found_segments = motion_segments(
                flow, threshold=self.threshold, num_motions=max(1, len(motions))
            )
            self._rand.append(adjusted_rand_index(found_segments[known], true_segments[known]))

    def best_threshold(self) -> float:
        """That with the highest intersection over union."""
        return float(THRESHOLDS[np.argmax(self._both / np.maximum(self._either, 1))])

    def scores(self) -> dict[str, float]:
        """All scores, for a threshold that was given.

        Returns:
          `endpoint_error` (pixels), `angular_error` (degrees) and `within_1px` (share), over moving
          pixels; `threshold` (pixels); `motion_iou`, of the pixels of all frames together;
          `motion_ari`, the frames' mean adjusted Rand index, of segments as many as true motions.
        """
        assert self.threshold is not None
        errors, angles = np.concatenate(self._errors), np.concatenate(self._angles)
        chosen = int(np.flatnonzero(np.isclose(THRESHOLDS, self.threshold))[0])
        return {
            "endpoint_error": float(errors.mean()),
            "angular_error": float(angles.mean()),
            "within_1px": float((errors <= 1).mean()),
            "threshold": self.threshold,
            "motion_iou": float(self._both[chosen] / max(self._either[chosen], 1)),
            "motion_ari": float(np.mean(self._rand)),
        }


def read_flow_scores(folder: Path) -> dict[str, float]:
    """The model's scores in a run's folder; nothing where the flow was not scored.

    Raises:
      UserError: the file is damaged.
    """
    path = result_file(folder, "flow", "test")
    if not path.exists():
        return {}
    try:
        model = json.loads(path.read_text())["model"]
        return {name: model[name] for name in COMPARED}
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not scores of flow ({error})") from error
