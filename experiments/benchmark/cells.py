"""What is measured: one cell of the benchmark's grid, and one side of it."""

from dataclasses import dataclass

SIDES = ("ours", "torch")


@dataclass(frozen=True)
class Cell:
    """One measurement.

    Attributes:
      variant: architecture.
      phase: `train`, an update by Adam with gradient clipping; or `stream`, one frame at a time
        with the state kept.
      batch: sequences.
      tau: frames fed in for an update.
      size: side of the square frames, pixels.
      segment: frames kept for the backward pass, see `vstm.segments`; ours only.
    """

    variant: str
    phase: str
    batch: int = 1
    tau: int = 10
    size: int = 64
    segment: int = 0
