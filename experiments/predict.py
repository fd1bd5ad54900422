"""Predicts every frame of a video from those before it, and shows the flow.

    python -m experiments.predict --input=clip.mp4 --output=DIR [--workdir=RUN]

The input is a video file or a folder of images, of any size and length; the model is that of a run,
or the one that comes with the project. Frames are taken in one by one and the memory is kept, so
that what is held does not grow with the length. Writes, frame k showing what frame k + 1 of the
input is predicted to be, or is:

    prediction.mp4     the predicted frames
    flow.mp4           the flow to them, by one scale, with a legend
    side_by_side.mp4   input, next frame, prediction, flow, moving pixels
    contact_sheet.png  as the paper's Figure 7: last inputs, next frame, prediction, flow
    metrics.csv        see experiments.measure.frame_errors
    summary.json       the columns' means, frames a second, how it was made
    flow/*.flo, *.npz  the flow itself, with --flow_format
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.measure import FLOW_FORMATS
from experiments.pictures import FLOW_SCALE
from experiments.run import command_line
from experiments.run.errors import UserError

_FLAGS = flags.FlagValues()
_INPUT = flags.DEFINE_string(
    "input", None, "Video file, or folder of images.", required=True, flag_values=_FLAGS
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder to write; new or empty.", required=True, flag_values=_FLAGS
)
_WORKDIR = flags.DEFINE_string(
    "workdir", "", "Folder of a run; empty: the model shipped.", flag_values=_FLAGS
)
_SIZE = flags.DEFINE_string(
    "size", "", "HEIGHTxWIDTH to bring frames to; empty: their own.", flag_values=_FLAGS
)
_SCALE = flags.DEFINE_float(
    "flow_scale", FLOW_SCALE, "Flow of full colour, pixels a frame.", flag_values=_FLAGS
)
_THRESHOLD = flags.DEFINE_float(
    "motion_threshold", 0.5, "Flow of moving pixels, at least.", flag_values=_FLAGS
)
_FORMAT = flags.DEFINE_enum(
    "flow_format", "none", FLOW_FORMATS, "Writes the flow itself.", flag_values=_FLAGS
)


def _size(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    height, _, width = text.partition("x")
    if not (height.isdecimal() and width.isdecimal() and int(height) and int(width)):
        raise UserError(f"--size={text}: expected HEIGHTxWIDTH, such as 240x320")
    return int(height), int(width)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> None:
    from data.video import open_video
    from experiments.measure.prediction import predict_video, report
    from vstm.video_predictor import PRETRAINED, load

    if not _SCALE.value > 0:
        raise UserError(f"--flow_scale={_SCALE.value}: expected a number above 0")
    size = _size(_SIZE.value)
    try:
        predictor = load(_WORKDIR.value or PRETRAINED)
        video = open_video(Path(_INPUT.value))
        summary = predict_video(
            predictor,
            video,
            Path(_OUTPUT.value),
            size=size,
            flow_scale=_SCALE.value,
            motion_threshold=_THRESHOLD.value,
            flow_format=_FORMAT.value,
        )
    except (OSError, ValueError) as error:
        raise UserError(str(error)) from error
    print(report(summary))
    print(f"written to {_OUTPUT.value}")


if __name__ == "__main__":
    sys.exit(main())
