"""Predicts every frame of a video from those before it, and shows the flow.

    python -m experiments.predict --input=clip.mp4 --output=DIR [--workdir=RUN]

The input is a video file, a folder of images, a folder of video files, or a camera (camera:0, or
/dev/video0), of any size and length; the model is that of a run, or the one that comes with the
project. It sees the frames in grey, scaled and cropped if you say so (--height, --size), and no
sound. Large frames take a quarter to two fifths of the time with --reduction=2: the model then sees
means over 2x2 pixels, and the whole frame is moved along its flow. Of a part, --start and --end say
from when to when, --every=n takes each n-th frame of it.
Ctrl-C ends a camera's video, and what was predicted until then is kept. Writes:

    prediction.mp4     the predicted frames
    flow.mp4           the motion to them, by one scale, with a legend
    side_by_side.mp4   input, next frame, prediction, motion, moving pixels
    contact_sheet.png  as the paper's Figure 7: last inputs, next frame, prediction, motion
    metrics.csv        see experiments.prediction.frame_errors
    summary.json       the columns' means, frames per second, how it was made
    flow/*.flo and so on  the flow itself, with --flow_format

Frames keep their times: metrics.csv and the contact sheet count frames and seconds from the
beginning of the input; the videos begin at zero with the first predicted frame, the second one that
is taken, and keep the distances. Where the input is in colour, so are predictions: the last frame's
colours, moved along the flow and brought to the predicted intensities; --grey leaves the colours
out. Colours of motion show where things move to; the files' flow is backward, where they come from:
next(x, y) = last(x + u, y + v), pixels of the frame.

Of a folder of video files, each is predicted into DIR/NAME, and DIR/summary.json has the means over
all. One that cannot be predicted is named and passed over; the status is 1 then.
"""

import math
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from experiments.console.errors import UserError
from experiments.pictures import FLOW_SCALE
from experiments.prediction import FLOW_FORMATS, NUM_SCALE_FRAMES
from experiments.run import command_line

if TYPE_CHECKING:
    from data.video.selection import Selection

_FLAGS = flags.FlagValues()
_INPUT = flags.DEFINE_string(
    "input",
    None,
    "Video file, folder of images or of video files, or camera:0.",
    required=True,
    flag_values=_FLAGS,
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder to write; new or empty.", required=True, flag_values=_FLAGS
)
_WORKDIR = flags.DEFINE_string(
    "workdir",
    "",
    "Folder of a run, or name of a model shipped; empty: conv-2enc-1LSTM.",
    flag_values=_FLAGS,
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
    "flow_format",
    "none",
    FLOW_FORMATS,
    "Writes the flow itself, backward, from the next frame to the last: as .flo, as .npz, or as "
    "KITTI's PNGs of 16 bits, to 1/128 px and within 512 px.",
    flag_values=_FLAGS,
)
_START = flags.DEFINE_string(
    "start", "0", "First frame's time: seconds, or a time such as 1:02.5.", flag_values=_FLAGS
)
_END = flags.DEFINE_string(
    "end", "", "Time before which the last frame is shown; empty: all.", flag_values=_FLAGS
)
_EVERY = flags.DEFINE_integer(
    "every", 1, "Takes each n-th frame.", lower_bound=1, flag_values=_FLAGS
)
_REDUCTION = flags.DEFINE_integer(
    "reduction",
    1,
    "Pixels of the frame, along one side, that the model sees as one; with 2, a frame takes a "
    "quarter to two fifths of the time.",
    lower_bound=1,
    flag_values=_FLAGS,
)
_GREY = flags.DEFINE_bool(
    "grey", False, "Shows and predicts in grey what is in colour.", flag_values=_FLAGS
)
_ZERO_FLOW = flags.DEFINE_bool(
    "zero_flow",
    False,
    "Measures the prediction of zero flow, too, for which each frame is decoded twice.",
    flag_values=_FLAGS,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    command = command_line.command("experiments.predict", argv)
    return command_line.run(partial(_main, command), _FLAGS, __doc__, argv)


def _size() -> tuple[int, int] | None:
    """(H, W) of --size."""
    if _SIZE.value and _HEIGHT.value:
        raise UserError(f"--size={_SIZE.value}, --height={_HEIGHT.value}: expected one of them")
    if not _SIZE.value:
        return None
    return command_line.height_and_width("size", _SIZE.value)


def _selection() -> "Selection":
    from data.video.selection import Selection, seconds

    times = {"start": 0.0, "end": math.inf}
    for name, text in (("start", _START.value), ("end", _END.value)):
        if text:
            try:
                times[name] = seconds(text)
            except ValueError as error:
                raise UserError(f"--{name}={error}") from error
    try:
        return Selection(times["start"], times["end"], _EVERY.value)
    except ValueError as error:
        raise UserError(f"--start={_START.value}, --end={_END.value}: {error}") from error


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


def _main(command: str) -> int:
    from data.video.stream import open_stream
    from experiments.prediction.options import Options
    from experiments.prediction.predict_clips import clips_in, predict_clips
    from experiments.prediction.predict_video import predict_video
    from experiments.prediction.report import report, report_of_clips
    from vstm.inference.predictor import PRETRAINED, find_model, load

    options = Options(
        selection=_selection(),
        size=_size(),
        height=_HEIGHT.value,
        grey=_GREY.value,
        motion_threshold=_THRESHOLD.value,
        flow_format=_FORMAT.value,
        zero_flow=_ZERO_FLOW.value,
        **_flow_scale(_SCALE.value),
    )
    model = str(find_model(_WORKDIR.value or PRETRAINED))
    provenance = {"model_path": model, "command": command}
    output = Path(_OUTPUT.value)
    try:
        predictor = load(model, reduction=_REDUCTION.value)
        folder = Path(_INPUT.value)
        clips = clips_in(folder) if folder.is_dir() else []
        if clips:
            summary = predict_clips(predictor, clips, output, options, provenance)
            print(report_of_clips(summary))
        else:
            stream = open_stream(_INPUT.value)
            summary = predict_video(predictor, stream, output, options, provenance)
            print(report(summary))
    except (OSError, ValueError) as error:
        raise UserError(str(error)) from error
    print(f"written to {output}")
    return 1 if summary.get("failed") else 0


if __name__ == "__main__":
    sys.exit(main())
