"""Windows of consecutive frames of prepared clips, for training and evaluation."""

import math
from collections.abc import Sequence

import numpy as np

from data.clips.clip_info import ClipInfo
from data.clips.prepared_clips import PreparedClips
from data.video.framing import centre_square


class VideoWindows(Sequence[dict[str, np.ndarray]]):
    """Random access to the windows of one split; none crosses a scene cut or the split's end.

    Frames that repeat the one before are left out, as if the clip did not have them. The windows
    come in a fixed random order, so that the first ones are a sample of all clips.

    Items hold `frames`, uint8 [length, H, W]; H and W are the clip's.

    Attributes:
      clips: the prepared clips.
    """

    def __init__(
        self,
        clips: PreparedClips,
        split: str,
        length: int,
        *,
        window_stride: int = 1,
        division: int = 1,
        max_windows: int | None = None,
        still_share: float = 1.0,
    ):
        """Lists the windows.

        Args:
          clips: the prepared clips.
          split: `train`, `validation` or `test`.
          length: frames of a window.
          window_stride: frames from the start of one window to that of the next.
          division: which of the data set's divisions into splits, from 1.
          max_windows: at most so many are taken, evenly spaced; None for all.
          still_share: at most this share of them are windows in which nothing moves for at least
            half of the time, where there are others; a random sample of those is left out.

        Raises:
          ValueError: no such division, or no window in the split.
        """
        self.clips = clips
        self._length = length
        self._kept: list[np.ndarray] = []  # of each clip, the numbers of frames without repeats
        starts: list[tuple[int, int]] = []  # clip, and which of its kept frames
        is_still: list[bool] = []
        longest = 0
        for number, clip in enumerate(clips):
            if division > len(clip.splits):
                raise ValueError(f"division {division}: the data set has {len(clip.splits)}")
            kept = np.arange(*clip.splits[division - 1].get(split, (0, 0)))
            kept = np.setdiff1d(kept, clip.duplicates)
            longest = max(longest, len(kept))
            self._kept.append(kept)
            for start in range(0, len(kept) - length + 1, window_stride):
                first, last = kept[start], kept[start + length - 1]
                if not any(first < cut <= last for cut in clip.cuts):
                    starts.append((number, start))
                    is_still.append(_is_still(clip, first, last))
        if not starts:
            raise ValueError(
                f"split {split!r}: no clip has the {length} frames of a window; "
                + (f"the longest has {longest}" if longest else _why_empty(clips, split))
            )
        starts = [starts[i] for i in _without_most_still(np.array(is_still), still_share)]
        if max_windows is not None and len(starts) > max_windows:
            starts = [starts[i * len(starts) // max_windows] for i in range(max_windows)]
        order = np.random.default_rng(0).permutation(len(starts))
        self._starts = [starts[i] for i in order]

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        number, start = self._starts[index]
        frames = self._kept[number][start : start + self._length]
        first, last = int(frames[0]), int(frames[-1])
        return {"frames": self.clips.read(number, first, last + 1)["frame"][frames - first]}


def _is_still(clip: ClipInfo, first: int, last: int) -> bool:
    """Whether nothing moves for at least half of the time from one frame to another."""
    still = sum(max(0, min(last, stop - 1) - max(first, start)) for start, stop in clip.still)
    return 2 * still >= last - first


def _without_most_still(is_still: np.ndarray, still_share: float) -> np.ndarray:
    """Indices of the windows that are taken, ascending."""
    still, moving = np.flatnonzero(is_still), np.flatnonzero(~is_still)
    if still_share == 1 or not len(moving):
        return np.arange(len(is_still))
    count = min(len(still), math.floor(still_share / (1 - still_share) * len(moving)))
    return np.sort(np.append(moving, np.random.default_rng(0).permutation(still)[:count]))


def _why_empty(clips: PreparedClips, split: str) -> str:
    option = f"{split}_share"
    if clips.settings.get(option) == 0:
        return f"the split has no clips, as the data was prepared with --{option}=0"
    return "the split has no clips"


class CentreSquares(Sequence[dict[str, np.ndarray]]):
    """The windows' central squares, `frames` float32 [length, side, side, 1] in [0, 1]."""

    def __init__(self, windows: VideoWindows, side: int):
        self._windows = windows
        self._side = side

    def __len__(self) -> int:
        return len(self._windows)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return {"frames": intensities(centre_square(self._windows[index]["frames"], self._side))}


def intensities(frames: np.ndarray) -> np.ndarray:
    """Float32 [..., 1] in [0, 1] of grey levels, uint8; 255 / 255 is exactly float32(1)."""
    return frames.astype(np.float32)[..., None] / 255
