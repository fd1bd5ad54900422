"""Scores of flows against the true ones: errors over moving pixels, motion segmentation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from data.files.json_files import parse_json
from experiments.console.errors import UserError
from experiments.console.reading import number, reading
from experiments.run.results import result_file
from vstm.metrics.flow import angular_error, endpoint_error
from vstm.metrics.motion_segments import adjusted_rand_index, motion_segments

COMPARED = ("endpoint_error", "angular_error", "within_1px", "motion_iou", "motion_ari")
THRESHOLDS = np.arange(0.25, 4.01, 0.25)  # pixels
_STILL = 0.05  # pixels; what moves no farther counts as still
_ALIKE = 1  # decimals of a pixel; motions that are equal to them are one
CAUSES = ("turn", "after_turn", "crossing", "border", "plain")
_TURN = 1.5  # pixels by which a motion changes; whole pixels make one of constant speed change by 1
_NEAR = 4  # pixels to another object, or to the border
_AFTER = 3  # frames for which a turn is told as the cause


class TrueFlow(NamedTuple):
    """What is known of a frame's flow.

    Attributes:
      flow: [H, W, 2], pixels.
      objects: int [H, W], 0 = background, k = the k-th object shows.
      occluded: bool [H, W], whether what shows was hidden in the frame before. None where that is
        not known; then background that moves has just been uncovered, and more than one motion of
        it is right.
      causes: int [H, W], what makes the motion hard to foresee, of `CAUSES` the first that holds:
        the object that shows turns, which no frame before tells; it has turned in one of the last
        three frames; it shows next to another one; next to the border; none of these.
    """

    flow: np.ndarray
    objects: np.ndarray
    occluded: np.ndarray | None
    causes: np.ndarray

    @classmethod
    def of(cls, item: Mapping[str, np.ndarray], frame: int) -> "TrueFlow":
        """That of a frame, counted from 0, of a sequence with ground truth."""
        occluded = item["occluded"][frame - 1] if "occluded" in item else None
        flows, objects = item["flow"][:frame], item["object_mask"][: frame + 1].astype(int)
        return cls(flows[-1], objects[-1], occluded, _causes(flows, objects))

    def known(self) -> np.ndarray:
        """Where one motion alone is right, bool [H, W]."""
        if self.occluded is not None:
            return np.ones(self.objects.shape, bool)
        return ~self.flow.any(axis=-1) | (self.objects > 0)

    def moving(self) -> np.ndarray:
        """Where it is known and something moves, bool [H, W]."""
        return (np.linalg.norm(self.flow, axis=-1) > _STILL) & self.known()

    def motions(self) -> tuple[int, np.ndarray]:
        """Number of motions, and which one each pixel has: int [H, W], -1 where none moves.

        Objects whose median motions are alike have one motion; so may the background.
        """
        moving = self.moving()
        labels = np.full(moving.shape, -1)
        present = np.unique(self.objects[moving])
        if not len(present):
            return 0, labels
        medians = [np.median(self.flow[moving & (self.objects == k)], axis=0) for k in present]
        motions, which = np.unique(np.round(medians, _ALIKE), axis=0, return_inverse=True)
        labels[moving] = which.ravel()[np.searchsorted(present, self.objects[moving])]
        return len(motions), labels


def _causes(flows: np.ndarray, objects: np.ndarray) -> np.ndarray:
    """`TrueFlow.causes` of the last frame of flows [T - 1, H, W, 2] and objects [T, H, W]."""
    shown = objects[-1]
    inside = np.zeros(shown.shape, bool)
    inside[_NEAR:-_NEAR, _NEAR:-_NEAR] = True
    causes = np.where(inside, CAUSES.index("plain"), CAUSES.index("border"))
    for k in np.unique(shown[shown > 0]):
        others = _widened((shown > 0) & (shown != k))
        own = shown == k
        causes[own & others] = CAUSES.index("crossing")
        turns = _turns(flows, objects, k)
        if turns[:-1][-_AFTER:].any():
            causes[own] = CAUSES.index("after_turn")
        if turns[-1:].any():
            causes[own] = CAUSES.index("turn")
    return causes


def _widened(mask: np.ndarray) -> np.ndarray:
    """Where a mask [H, W] is set within `_NEAR` pixels, along both axes."""
    side = 2 * _NEAR + 1
    padded = np.pad(mask, _NEAR)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side))
    return windows.max(axis=(-2, -1))


def _turns(flows: np.ndarray, objects: np.ndarray, k: int) -> np.ndarray:
    """Whether an object's motion to each frame but the first two differs from the one before."""
    motions = np.full((len(flows), 2), np.nan)
    for n, (flow, shown) in enumerate(zip(flows, objects[1:], strict=True)):
        if (shown == k).any():
            motions[n] = np.median(flow[shown == k], axis=0)
    return turned(motions)  # of a hidden object neither is known, and no turn


def turned(motions: np.ndarray) -> np.ndarray:
    """Whether each motion but the first, of [T, 2] pixels, differs from the one before: [T - 1]."""
    u, v = np.diff(motions, axis=0).T
    return np.hypot(u, v) > _TURN


@dataclass
class FlowScores:
    """Means over the pixels of all frames added.

    Background of unknown motion, see `TrueFlow`, counts neither as moving nor as still.

    Attributes:
      threshold: pixels whose flow is longer move, pixels; None while it is being determined, by
        `best_threshold`.
    """

    threshold: float | None = None
    _errors: list[np.ndarray] = field(default_factory=list)
    _all_errors: list[np.ndarray] = field(default_factory=list)
    _visible_errors: list[np.ndarray] = field(default_factory=list)
    _causes: list[np.ndarray] = field(default_factory=list)
    _angles: list[np.ndarray] = field(default_factory=list)
    _rand: list[float] = field(default_factory=list)
    _both: np.ndarray = field(default_factory=lambda: np.zeros(len(THRESHOLDS)))
    _either: np.ndarray = field(default_factory=lambda: np.zeros(len(THRESHOLDS)))

    def add(self, flow: np.ndarray, truth: TrueFlow) -> None:
        """Adds a frame with flow [H, W, 2], pixels."""
        moving, known = truth.moving(), truth.known()
        ours, true = jnp.asarray(flow), jnp.asarray(truth.flow)
        errors = np.asarray(endpoint_error(ours, true))
        self._errors.append(errors[moving])
        self._causes.append(truth.causes[moving])
        self._all_errors.append(errors[known])
        if truth.occluded is not None:
            self._visible_errors.append(errors[~truth.occluded])
        self._angles.append(np.asarray(angular_error(ours, true))[moving])
        length = np.linalg.norm(flow, axis=-1)
        found = (length[None] > THRESHOLDS[:, None, None]) & known
        self._both += (found & moving).sum(axis=(1, 2))
        self._either += (found | moving).sum(axis=(1, 2))
        if self.threshold is not None:
            num_motions, true_segments = truth.motions()
            found_segments = motion_segments(
                flow, threshold=self.threshold, num_motions=max(1, num_motions)
            )
            self._rand.append(adjusted_rand_index(found_segments[known], true_segments[known]))

    def best_threshold(self) -> float:
        """That with the highest intersection over union."""
        return float(THRESHOLDS[np.argmax(self._both / np.maximum(self._either, 1))])

    def scores(self) -> dict[str, float | None]:
        """All scores, for a threshold that was given.

        Returns:
          `endpoint_error` (pixels), `angular_error` (degrees) and `within_1px` (share), over moving
          pixels; of those of each of `CAUSES`, as in `turn_share` and `turn_error`, their share and
          endpoint error, null where there are none; `threshold` (pixels); `motion_iou`, of the
          pixels of all frames together; `motion_ari`, the frames' mean adjusted Rand index, of
          segments as many as true motions; `endpoint_error_all`, over all pixels of known motion,
          and where occlusion is known `endpoint_error_visible`, over those that were not occluded.

        Raises:
          UserError: nothing moves.
        """
        assert self.threshold is not None
        errors, angles = np.concatenate(self._errors), np.concatenate(self._angles)
        if not len(errors):
            raise UserError(
                f"nothing moves in the frames scored, {len(self._errors)}; expected more of them, "
                "or data in which something does"
            )
        chosen = int(np.flatnonzero(np.isclose(THRESHOLDS, self.threshold))[0])
        scores: dict[str, float | None] = {
            "endpoint_error": float(errors.mean()),
            "angular_error": float(angles.mean()),
            "within_1px": float((errors <= 1).mean()),
            "threshold": self.threshold,
            "motion_iou": float(self._both[chosen] / max(self._either[chosen], 1)),
            "motion_ari": float(np.mean(self._rand)),
            "endpoint_error_all": float(np.concatenate(self._all_errors).mean()),
        }
        causes = np.concatenate(self._causes)
        for index, cause in enumerate(CAUSES):
            of_cause = errors[causes == index]
            scores[f"{cause}_share"] = len(of_cause) / len(errors)
            scores[f"{cause}_error"] = float(of_cause.mean()) if len(of_cause) else None
        if self._visible_errors:
            visible = np.concatenate(self._visible_errors)
            scores["endpoint_error_visible"] = float(visible.mean())
        return scores


def read_flow_scores(folder: Path) -> dict[str, float]:
    """The model's scores in a run's folder; nothing where the flow was not scored.

    Raises:
      UserError: the file is damaged.
    """
    path = result_file(folder, "flow", "test")
    if not path.exists():
        return {}
    with reading(path, "scores of flow"):
        model = parse_json(path)["model"]
        return {name: number(model[name]) for name in COMPARED}
