"""What to make of a video."""

from dataclasses import dataclass

from data.video.selection import Selection
from experiments.pictures import FLOW_SCALE

_ALL = Selection()


@dataclass(frozen=True)
class Options:
    """What to make of a video.

    Attributes:
      selection: the frames that are taken.
      size: (H, W) to which frames are scaled, and cropped if need be; None: as they are.
      height: to which frames are scaled in their proportions, instead; None: as they are.
      grey: whether predictions are written in grey though the video is in colour.
      flow_scale: length of full colour, pixels per frame.
      flow_percentile: sets it to this percentile, in [0, 100], of the flow's length in the first
        `NUM_SCALE_FRAMES` predictions, which are then made twice.
      motion_threshold: length from which a pixel counts as moving, pixels per frame.
      flow_format: one of `FLOW_FORMATS`.
      zero_flow: whether the prediction of zero flow is measured, which is decoded for it.
    """

    selection: Selection = _ALL
    size: tuple[int, int] | None = None
    height: int | None = None
    grey: bool = False
    flow_scale: float = FLOW_SCALE
    flow_percentile: float | None = None
    motion_threshold: float = 0.5
    flow_format: str = "none"
    zero_flow: bool = False

    def size_of(self, given: tuple[int, int]) -> tuple[int, int]:
        """(H, W) to which frames of a given one are brought."""
        if self.height is not None:
            return self.height, max(1, round(self.height * given[1] / given[0]))
        return self.size or given
