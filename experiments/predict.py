"""Predicts every frame of a video from those before it, and shows the flow.

    python -m experiments.predict --input=clip.mp4 --output=DIR [--workdir=RUN]

The input is a video file or a folder of images, of any size and length; the model is that of a run,
or the one that comes with the project. It sees the frames in grey, scaled and cropped if you say so
(--height, --size), and no sound. Writes, frame k showing what frame k + 1 of the input is predicted
to be, or is, at its time from the beginning:

    prediction.mp4     the predicted frames
    flow.mp4           the motion to them, by one scale, with a legend
    side_by_side.mp4   input, next frame, prediction, motion, moving pixels
    contact_sheet.png  as the paper's Figure 7: last inputs, next frame, prediction, motion
    metrics.csv        see experiments.measure.frame_errors
    summary.json       the columns' means, frames per second, how it was made
    flow/*.flo, *.npz  the flow itself, with --flow_format

Colours show forward motion, where things move to; the files' flow is backward, where they come
from: next(x, y) = last(x + u, y + v), pixels of the frame.
"""

import math
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.console.errors import UserError
from experiments.measure import FLOW_FORMATS, NUM_SCALE_FRAMES
from experiments.pictures import FLOW_SCALE
from experiments.run import command_line

_FLAGS = flags.FlagValues()
_INPUT = flags.DEFINE_string(
    "input",
    None,
    "Video file, or folder of images; taken in grey, without sound.",
    required=True,
    flag_values=_FLAGS,
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder to write; new or empty.", required=True, flag_values=_FLAGS
)
_WORKDIR = flags.DEFINE_string(
    "workdir", "", "Folder of a run; empty: the model shipped.", flag_values=_FLAGS
)
_HEIGHT = flags.DEFINE_integer(
    "height",
    None,
    "Height to scale frames to, in their proportions.",
    lower_bound=1,
    flag_values=_FLAGS,
)
_SIZE = flags.DEFINE_string(
    "size",
    "",
    "HEIGHTxWIDTH to bring frames to: scaled until they cover it, and the middle cut out; empty: "
    "as they are.",
    flag_values=_FLAGS,
)
_SCALE = flags.DEFINE_string(
    "flow_scale",
    f"{FLOW_SCALE:g}",
    "Motion of full colour, pixels per frame; or a percentile of the motion in the first "
    f"{NUM_SCALE_FRAMES} predictions, such as p99.",
    flag_values=_FLAGS,
)
_THRESHOLD = flags.DEFINE_float(
    "motion_threshold", 0.5, "Flow of moving pixels, at least.", flag_values=_FLAGS
)
_FORMAT = flags.DEFINE_enum(
    "flow_format", "none", FLOW_FORMATS, "Writes the flow itself.", flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _size(given: tuple[int, int]) -> tuple[int, int] | None:
    """(H, W) that the flags want of frames of a given one; None for their own."""
    if _SIZE.value and _HEIGHT.value:
        raise UserError(f"--size={_SIZE.value}, --height={_HEIGHT.value}: expected one of them")
    if _HEIGHT.value:
        return _HEIGHT.value, max(1, round(_HEIGHT.value * given[1] / given[0]))
    if not _SIZE.value:
        return None
    return command_line.height_and_width("size", _SIZE.value)


def _flow_scale(text: str) -> dict[str, float]:
    """Fields of `Options` by the flag."""
    name, number, most = "flow_scale", text, math.inf
    if text.startswith("p"):
        name, number, most = "flow_percentile", text[1:], 100.0
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not (0 < value <= most and math.isfinite(value)):
        raise UserError(
            f"--flow_scale={text}: expected a number above 0, or a percentile such as p99"
        )
    return {name: value}


def _main() -> None:
    from data.progress import say
    from data.video.files import open_video
    from experiments.measure.prediction import Options, predict_video, report
    from vstm.inference.predictor import PRETRAINED, load

    flow_scale = _flow_scale(_SCALE.value)
    model = _WORKDIR.value or str(PRETRAINED)
    given = [_FLAGS[name].serialize() for name in _FLAGS if _FLAGS[name].present]
    command = shlex.join(["python", "-m", "experiments.predict", *given])
    try:
        predictor = load(model)
        say(f"reading {_INPUT.value}")  # which decodes it once
        video = open_video(Path(_INPUT.value))
        options = Options(
            size=_size(video.size),
            motion_threshold=_THRESHOLD.value,
            flow_format=_FORMAT.value,
            **flow_scale,
        )
        summary = predict_video(
            predictor,
            video,
            Path(_OUTPUT.value),
            options,
            {"model_path": model, "command": command},
        )
    except (OSError, ValueError) as error:
        raise UserError(str(error)) from error
    print(report(summary))
    print(f"written to {_OUTPUT.value}")


if __name__ == "__main__":
    sys.exit(main())
