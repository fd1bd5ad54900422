"""Windows of consecutive frames of prepared clips, for training and evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data.clips.prepared_clips import PreparedClips
from data.video.framing import centre_square, random_square


class VideoWindows(Sequence[dict[str, np.ndarray]]):
    """Random access to the windows of one split; none crosses a scene cut or the split's end.

    They come in a fixed random order, so that the first ones are a sample of all clips.

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
    ):
        """Lists the windows.

        Args:
          clips: the prepared clips.
          split: `train`, `validation` or `test`.
          length: frames of a window.
          window_stride: frames from the start of one window to that of the next.
          division: which of the data set's divisions into splits, from 1.
          max_windows: at most so many are taken, evenly spaced; None for all.

        Raises:
          ValueError: no such division, or no window in the split.
        """
        self.clips = clips
        self._length = length
        starts: list[tuple[int, int]] = []
        longest = 0
        for number, clip in enumerate(clips):
            if division > len(clip.splits):
                raise ValueError(f"division {division}: the data set has {len(clip.splits)}")
            begin, end = clip.splits[division - 1].get(split, (0, 0))
            longest = max(longest, end - begin)
            starts += [
                (number, start)
                for start in range(begin, end - length + 1, window_stride)
                if not any(start < cut < start + length for cut in clip.cuts)
            ]
        if not starts:
            raise ValueError(
                f"split {split!r}: no clip has the {length} frames of a window; "
                + (f"the longest has {longest}" if longest else _why_empty(clips, split))
            )
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
        return {"frames": self.clips.read(number, start, start + self._length)["frame"]}


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
        return {"frames": _intensities(centre_square(self._windows[index]["frames"], self._side))}


@dataclass(frozen=True)
class Augmentation:
    """Makes training sequences, float32 [length, side, side, 1] in [0, 1], of windows.

    Attributes:
      side: of the square, pixels.
      crops: whether to crop at random size and place; otherwise the central square.
      max_pan: top speed of random crops, pixels per frame; see `random_square`.
      flips: whether to mirror left and right with probability 1/2.
      reversals: whether to reverse time with probability 1/2.
    """

    side: int
    crops: bool
    max_pan: float
    flips: bool
    reversals: bool

    def __call__(self, item: Mapping[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
        frames = item["frames"]
        if self.crops:
            frames = random_square(frames, self.side, rng, self.max_pan)
        else:
            frames = centre_square(frames, self.side)
        if self.flips and rng.random() < 0.5:
            frames = frames[:, :, ::-1]
        if self.reversals and rng.random() < 0.5:
            frames = frames[::-1]
        return _intensities(frames)


def _intensities(frames: np.ndarray) -> np.ndarray:
    """[..., 1] in [0, 1]; of PIL's output, float32(1) is exactly 255 / 255."""
    return frames.astype(np.float32)[..., None] / 255
