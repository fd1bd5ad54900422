"""How a data set is prepared; light, so that a command line is read before anything heavy."""

from dataclasses import dataclass
from pathlib import Path

NAMES = ("hmdb51", "video_folder", "prost", "visor", "sintel")
SPLIT_BY = ("clip", "time")


@dataclass(frozen=True)
class Settings:
    """How a data set is prepared.

    Attributes:
      name: one of `NAMES`.
      source: the data set's folder.
      size: (H, W) of the frames; None for the clips' own.
      fit: one of `data.video.FITS`; see `data.video.framing.fit`.
      frame_stride: every which frame is taken.
      min_frames: clips with fewer are skipped.
      split_by: one of `SPLIT_BY`; see `data.clips.splits`, as the two shares.
      validation_share: of clips or time; 0 holds nothing out.
      test_share: of clips or time; 0 holds nothing out.
    """

    name: str
    source: Path
    size: tuple[int, int] | None
    fit: str
    frame_stride: int
    min_frames: int
    split_by: str
    validation_share: float
    test_share: float
