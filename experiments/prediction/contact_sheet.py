"""The contact sheet of a predicted video: moments evenly spaced over it."""

from collections.abc import Iterator, Sequence

import numpy as np

from data.video.framing import scale
from experiments.pictures.samples import sample_picture
from experiments.pictures.sheet import nearest, tile_size
from experiments.prediction.moment import Moment
from experiments.prediction.panels import rgb

NUM_MOMENTS = 5
NUM_INPUTS = 3
MAX_TILE_WIDTH = 240


class ChosenMoments:
    """Keeps `NUM_MOMENTS` moments of a video, evenly spaced, with enough inputs if possible."""

    def __init__(self, num_frames: int | None):
        """Says how many frames come.

        Args:
          num_frames: of the video; None if unknown: then up to twice as many moments are held as
            are kept.
        """
        self._kept: list[tuple[int, Moment]] = []  # with their numbers among the predictions
        self._next, self._stride = 1, 1
        self._wanted = None if num_frames is None else set(_evenly(num_frames))

    def add(self, moment: Moment) -> None:
        """Takes in the prediction of the next frame."""
        number, self._next = self._next, self._next + 1
        if self._wanted is not None:
            if number in self._wanted:
                self._kept.append((number, moment))
            return
        if number % self._stride == 0:
            self._kept.append((number, moment))
        if len(self._kept) > 2 * NUM_MOMENTS:
            self._stride *= 2
            self._kept = [kept for kept in self._kept if kept[0] % self._stride == 0]

    def moments(self) -> list[Moment]:
        """Those kept, in order; fewer where fewer frames came than were announced."""
        count = len(self._kept)
        if count <= NUM_MOMENTS:
            return [moment for _, moment in self._kept]
        return [self._kept[i * (count - 1) // (NUM_MOMENTS - 1)][1] for i in range(NUM_MOMENTS)]


def _evenly(num_frames: int) -> Iterator[int]:
    first = min(NUM_INPUTS, num_frames - 1)
    for i in range(NUM_MOMENTS):
        yield first + i * (num_frames - 1 - first) // (NUM_MOMENTS - 1)


def contact_sheet(moments: Sequence[Moment], flow_scale: float) -> np.ndarray:
    """A row a moment: its number and time, last inputs, next frame, prediction, motion.

    Source: Figure 7.
    """
    size = tile_size(moments[0].target.shape[:2], MAX_TILE_WIDTH)
    num_inputs = max(len(moment.inputs) for moment in moments)

    def real(image: np.ndarray) -> np.ndarray:
        return rgb(scale(image, size)).astype(np.float32) / 255

    return sample_picture(
        np.stack(
            [
                np.stack([real(image) for image in _filled(moment.inputs, num_inputs)])
                for moment in moments
            ]
        ),
        np.stack([real(moment.target) for moment in moments]),
        np.stack([real(moment.predicted) for moment in moments]),
        {"motion": np.stack([nearest(moment.flow, size) for moment in moments])},
        labels=[f"frame {moment.number}\n{_clock(moment.time)}" for moment in moments],
        zoom=1,
        flow_scale=flow_scale,
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 2), 60)
    return f"{minutes:.0f}:{rest:05.2f}" if minutes else f"{rest:.2f} s"


def _filled(inputs: Sequence[np.ndarray], count: int) -> list[np.ndarray]:
    """White frames before the first one, where there were fewer."""
    return [np.full_like(inputs[0], 255)] * (count - len(inputs)) + list(inputs)
