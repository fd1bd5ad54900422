"""All that is written of the predictions of a video, but its summary."""

from collections.abc import Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import numpy as np

from data.video.picture import Picture
from data.video.stream import Frame
from experiments.pictures.flow_colours import flow_image
from experiments.pictures.samples import grey, png
from experiments.prediction.background import Background
from experiments.prediction.colour import coloured
from experiments.prediction.contact_sheet import ChosenMoments, contact_sheet
from experiments.prediction.flow_files import FlowFiles
from experiments.prediction.frame_errors import FrameErrors, compile_errors
from experiments.prediction.moment import Moment
from experiments.prediction.options import Options
from experiments.prediction.videos import PredictionVideos
from vstm.inference.predictor import Prediction


def prepare(size: tuple[int, int], options: Options) -> None:
    """Compiles and tabulates what predictions of a size, (H, W), are drawn and measured by."""
    shown, flow = np.zeros(size, np.uint8), np.zeros((*size, 2), np.float32)
    compile_errors(size)
    if not options.grey:
        made = np.zeros(size, np.float32)
        coloured(np.zeros((*size, 3), np.uint8), shown, made, flow)
    flow_image(flow)


class Outputs:
    """Measures, draws and writes in a thread of its own; a context manager, which ends the files.

    An error there is raised by the next `add`, or at the end.
    """

    def __init__(self, folder: Path, times: np.ndarray | None, rate: Fraction, options: Options):
        """Opens the files.

        Args:
          folder: to write into.
          times: when the frames of the input are shown, seconds; None if unknown.
          rate: their mean number per second.
          options: what is made.

        Raises:
          OSError: they cannot be written; so `add` and the end.
        """
        self._folder, self._flow_scale = folder, options.flow_scale
        self._chosen = ChosenMoments(None if times is None else len(times))
        self._flow_files = FlowFiles(folder / "flow", options.flow_format)
        threshold = options.motion_threshold
        with ExitStack() as stack:
            self._errors = stack.enter_context(
                FrameErrors(folder / "metrics.csv", threshold, zero_flow=options.zero_flow)
            )
            self._videos = stack.enter_context(
                PredictionVideos(
                    folder,
                    times,
                    rate,
                    flow_scale=options.flow_scale,
                    motion_threshold=threshold,
                )
            )
            self._background = stack.enter_context(Background())
            self._stack = stack.pop_all()

    def __enter__(self) -> "Outputs":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)
        moments = self._chosen.moments()
        if error is None and moments:
            sheet = contact_sheet(moments, self._flow_scale)
            (self._folder / "contact_sheet.png").write_bytes(png(sheet))

    def add(self, inputs: Sequence[Picture], target: Frame, made: Prediction) -> None:
        """Takes in the next prediction.

        Args:
          inputs: the last frames before the target, the newest last.
          target: the frame that is predicted.
          made: the prediction.
        """
        self._background.call(lambda: self._write(inputs, target, made))

    def means(self) -> dict[str, float | None]:
        """See `FrameErrors.means`; of all, after the end."""
        return self._errors.means()

    def _write(self, inputs: Sequence[Picture], target: Frame, made: Prediction) -> None:
        last, shown = inputs[-1], target.picture
        self._errors.add(target.number, target.time, last.grey, shown.grey, made)
        moment = Moment(
            number=target.number,
            time=target.time,
            inputs=[_image(picture) for picture in inputs],
            target=_image(shown),
            predicted=_predicted(last, made),
            flow=made.flow,
        )
        self._videos.write(moment)
        self._flow_files.write(target.number, made.flow)
        self._chosen.add(moment)


def _image(picture: Picture) -> np.ndarray:
    return picture.grey if picture.colour is None else picture.colour


def _predicted(last: Picture, made: Prediction) -> np.ndarray:
    if last.colour is None:
        return grey(made.frame)
    return coloured(last.colour, last.grey, made.frame, made.flow)
