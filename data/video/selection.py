"""Which frames of a video are taken: from a time to a time, each n-th."""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d*)?|\.\d+)")
_SLACK = 1e-6  # seconds, by which containers round times

_Frame = TypeVar("_Frame")


@dataclass(frozen=True)
class Selection:
    """A part of a video.

    Attributes:
      start: of the first frame, seconds from the video's beginning.
      end: before which the last frame is shown, seconds.
      every: takes the first frame of the part and each n-th after it.

    Raises:
      ValueError: an empty range, or n below 1; the message says so.
    """

    start: float = 0.0
    end: float = math.inf
    every: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"from {self.start:g} s to {self.end:g} s: expected 0 <= start < end")
        if self.every < 1:
            raise ValueError(f"each {self.every}-th frame: expected 1 or more")

    def of(self, frames: Iterable[tuple[float, _Frame]]) -> Iterator[tuple[int, float, _Frame]]:
        """Number, time and frame of those taken, from times and frames in their order."""
        taken = 0
        for number, (time, frame) in enumerate(frames):
            if time >= self.end - _SLACK:
                return
            if time >= self.start - _SLACK:
                if taken % self.every == 0:
                    yield number, time, frame
                taken += 1


def seconds(text: str) -> float:
    """Seconds of a time such as `62.5`, `1:02.5` or `0:01:02.5`.

    Raises:
      ValueError: none such; the message says what is expected.
    """
    match = _CLOCK.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r}: expected seconds or a time such as 62.5, 1:02.5 or 0:01:02.5")
    hours, minutes, rest = (float(part or 0) for part in match.groups())
    if match[2] and (rest >= 60 or (match[1] and minutes >= 60)):
        raise ValueError(f"{text!r}: expected less than 60 minutes and seconds after a colon")
    return 3600 * hours + 60 * minutes + rest
