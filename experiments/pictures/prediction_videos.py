"""The videos of a predicted video: predictions, their motion, and both beside the input."""

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import numpy as np

from experiments.pictures.prediction import Moment, flow_panel, side_by_side
from experiments.pictures.video_writer import VideoWriter, ticks_a_second


class PredictionVideos:
    """`prediction.mp4`, `flow.mp4` and `side_by_side.mp4`; a context manager, which ends them.

    Frame k shows what frame k + 1 of the input is predicted to be, as nothing predicts the first
    one, and at its time; that of frame 0 is zero.
    """

    def __init__(
        self,
        folder: Path,
        times: np.ndarray,
        rate: Fraction | float,
        *,
        flow_scale: float,
        motion_threshold: float,
    ):
        """Prepares the files.

        Args:
          folder: to write them into.
          times: when the frames of the input are shown, seconds.
          rate: their mean number per second.
          flow_scale: length of full colour, pixels per frame.
          motion_threshold: length from which a pixel counts as moving, pixels per frame.

        Raises:
          OSError: they cannot be written; so all methods.
        """
        self._flow_scale, self._threshold = flow_scale, motion_threshold
        self._start = float(times[1])
        ticks = ticks_a_second(times[1:] - self._start, rate)
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
        flow = moment.made.flow
        images = {
            "prediction": moment.predicted_image,
            "flow": flow_panel(flow, self._flow_scale),
            "side_by_side": side_by_side(moment, self._flow_scale, self._threshold),
        }
        for name, image in images.items():
            self._writers[name].write(image, moment.time - self._start)
