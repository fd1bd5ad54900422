"""What is measured: one cell of the benchmark's grid, and one side of it."""

from dataclasses import dataclass

SIDES = ("ours", "torch")
PHASES = ("train", "stream")
LEARNING_RATE = 2e-3
CLIP_NORM = 1.0  # of all gradients together
SMOOTHNESS_WEIGHT = 1e-2  # w_H


@dataclass(frozen=True)
class Cell:
    """One measurement.

    An update is the same on both sides: the cross-entropy of frame tau + 1, predicted from the tau
    before it, plus w_H times the smoothness penalty; its gradients, scaled to a global norm of at
    most 1; Adam (b1 0.9, b2 0.999, eps 1e-8) at the constant rate 2e-3.

    Attributes:
      variant: architecture.
      phase: `train`, an update; or `stream`, one frame at a time with the state kept.
      batch: sequences.
      tau: frames fed in for an update.
      size: side of the square frames, pixels.
      segment: frames kept for the backward pass, see `vstm.ops.segments`; ours only.
    """

    variant: str
    phase: str
    batch: int = 1
    tau: int = 10
    size: int = 64
    segment: int = 0
