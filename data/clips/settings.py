"""How a data set is prepared; light, so that a command line is read before anything heavy."""

from dataclasses import dataclass
from pathlib import Path

from data.ranges import check_choice, check_range
from data.video import FITS

NAMES = ("hmdb51", "video_folder", "prost", "visor", "sintel")
SPLIT_BY = ("clip", "time")


@dataclass(frozen=True)
class Settings:
    """How a data set is prepared.

    Raises:
      ValueError: a setting is outside its range; the message begins with its name.
    """

    name: str  # one of NAMES
    source: Path  # the data set's folder
    size: tuple[int, int] | None = (120, 160)  # (H, W) of the frames; None: the clips' own
    fit: str = "crop"  # crop | pad: how frames of other proportions fit
    frame_stride: int = 1  # takes every such frame
    min_frames: int = 13  # clips with fewer are skipped; tau + 1 on real video
    split_by: str = "clip"  # clip | time: how to divide, without own splits
    validation_share: float = 0.1  # of clips or time; 0 for none
    test_share: float = 0.1  # of clips or time; 0 for none

    def __post_init__(self) -> None:
        check_choice("name", self.name, NAMES)
        for side in self.size or ():
            check_range("size", side, 1)
        check_choice("fit", self.fit, FITS)
        check_range("frame_stride", self.frame_stride, 1)
        check_range("min_frames", self.min_frames, 1)
        check_choice("split_by", self.split_by, SPLIT_BY)
        shares = {"validation_share": self.validation_share, "test_share": self.test_share}
        for name, share in shares.items():
            if not 0 <= share < 0.5:
                raise ValueError(f"{name}: expected a number from 0 to below 0.5, got {share}")
