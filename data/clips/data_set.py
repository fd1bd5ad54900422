"""Prepared clips as a data set: its options, and how its splits are opened."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.ranges import check_range
from data.sequences import MAX_COUNT, SequenceOptions
from data.sources import DataSet, Source, TrainingSource

if TYPE_CHECKING:
    from data.clips.windows import VideoWindows

_MAX_PAN = 4_096
_MAX_SCALE = 4_096


@dataclass(frozen=True)
class VideoOptions:
    """Which clips, and how training augments their windows.

    Raises:
      ValueError: an option is outside its range, or needs another one; the message begins with its
        name.
    """

    directory: str = ""  # folder that `python -m data.prepare` wrote
    division: int = 1  # which of the data set's divisions into splits; HMDB-51 has 1 to 3
    window_stride: int = 1  # frames from one sequence's start to the next one's
    still_share: float = 0.15  # in training: of windows in which mostly nothing moves, at most, and
    # of squares drawn anywhere; others are drawn where something moves. 1: no preference
    random_crops: bool = True  # in training: square crops of random size and place
    min_scale: float = 1.0  # of such crops, frame pixels per pixel; at most the whole shorter side
    max_scale: float = 0.0  # 0: the whole shorter side; drawn log-uniformly
    max_pan: float = 0.0  # in training: top speed of such crops, pixels per frame
    pan_share: float = 1.0  # of such crops that move, if max_pan is not 0
    random_flips: bool = True  # in training: mirrors with probability 1/2
    random_reversals: bool = False  # in training: reverses time with probability 1/2
    random_contrast: bool = False  # in training: another contrast and brightness

    def __post_init__(self) -> None:
        check_range("division", self.division, 1)
        check_range("window_stride", self.window_stride, 1, MAX_COUNT)
        check_range("still_share", self.still_share, 0, 1)
        check_range("min_scale", self.min_scale, 1, _MAX_SCALE)
        if self.max_scale:
            check_range("max_scale", self.max_scale, self.min_scale, _MAX_SCALE)
        check_range("max_pan", self.max_pan, 0, _MAX_PAN)
        check_range("pan_share", self.pan_share, 0, 1)
        if self.max_pan and not self.random_crops:
            raise ValueError(
                f"max_pan: moves the squares of random_crops, which is False; expected 0, "
                f"got {self.max_pan}"
            )


def check(options: VideoOptions, sequences: SequenceOptions) -> None:
    """Refuses options without a folder.

    Raises:
      ValueError: the message begins with `directory`.
    """
    if not options.directory:
        raise ValueError(
            "directory: expected the folder that `python -m data.prepare` wrote, got ''"
        )


def open_split(options: VideoOptions, sequences: SequenceOptions, split: str) -> Source:
    """The central squares of one split's windows.

    Raises:
      OSError, ValueError: the folder cannot be read, or has no such window; the message says why.
    """
    from data.clips.windows import CentreSquares

    return CentreSquares(_windows(options, sequences, split), sequences.image_size)


def open_training(options: VideoOptions, sequences: SequenceOptions) -> TrainingSource:
    """The windows of `train`, to be augmented, and the checksum of all clips and splits.

    Raises:
      OSError, ValueError: as `open_split`.
    """
    from data.clips.augmentation import Augmentation

    windows = _windows(options, sequences, "train", options.still_share)
    augmentation = Augmentation(sequences.image_size, options)
    return TrainingSource(windows, augmentation, windows.clips.checksum)


def _windows(
    options: VideoOptions, sequences: SequenceOptions, split: str, still_share: float = 1.0
) -> "VideoWindows":
    from data.clips.prepared_clips import PreparedClips
    from data.clips.windows import VideoWindows

    clips = PreparedClips(Path(options.directory))
    try:
        return VideoWindows(
            clips,
            split,
            sequences.sequence_length,
            window_stride=options.window_stride,
            division=options.division,
            max_windows=sequences.num_sequences(split),
            still_share=still_share,
        )
    except ValueError as error:
        raise ValueError(f"{options.directory}: {error}") from error


VIDEO = DataSet(VideoOptions, check, open_split, open_training)
