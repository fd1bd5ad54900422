"""The videos of a predicted video: predictions, their motion, and both beside the input."""

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import numpy as np

from experiments.pictures.video_writer import TICKS, VideoWriter, ticks_a_second
from experiments.prediction.moment import Moment
from experiments.prediction.panels import flow_panel, side_by_side


class PredictionVideos:
    """`prediction.mp4`, `flow.mp4` and `side_by_side.mp4`; a context manager, which ends them.

    Each frame shows what a frame of the input is predicted to be; the first, of which nothing
    predicts, is left out. They follow each other as in the input, from time zero on.
    """

    def __init__(
        self,
        folder: Path,
        times: np.ndarray | None,
        rate: Fraction | float,
        *,
        flow_scale: float,
        motion_threshold: float,
    ):
        """Prepares the files.

        Args:
          folder: to write them into.
          times: when the frames of the input are shown, seconds; None if unknown.
          rate: their mean number per second.
          flow_scale: length of full colour, pixels per frame.
          motion_threshold: length from which a pixel counts as moving, pixels per frame.

        Raises:
          OSError: they cannot be written; so all methods.
        """
        self._flow_scale, self._threshold = flow_scale, motion_threshold
        self._start: float | None = None
        ticks = TICKS if times is None else ticks_a_second(times[1:] - times[1], rate)
        with ExitStack() as stack:
            self._writers = {
                name: stack.enter_context(VideoWriter(folder / f"{name}.mp4", rate, ticks))
                for name in ("prediction", "flow", "side_by_side")
            }
            self._stack = stack.pop_all()

    def __enter__(self) -> "PredictionVideos":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def write(self, moment: Moment) -> None:
        """Appends a frame to each."""
        if self._start is None:
            self._start = moment.time
        images = {
            "prediction": moment.predicted,
            "flow": flow_panel(moment.flow, self._flow_scale),
            "side_by_side": side_by_side(moment, self._flow_scale, self._threshold),
        }
        for name, image in images.items():
            self._writers[name].write(image, moment.time - self._start)
