"""Measures a model on clips of real video beside what would be used instead, clip by clip.

    python -m experiments.measure.video FOLDER [FOLDER ...] --output=DIR [--workdir=RUN]

A FOLDER holds video files or folders of images, at any depth, or is a folder of images, one clip;
the model is that of a run, or the one that comes with the project. Frames are taken in grey and
scaled to cover --size, and their middle is cut out. Each of the --num_frames frames after the
--warm_up first ones is predicted from all before it, and scored beside a copy of the last frame and
the last frame moved along classical flow carried on (DIS, Farneback): the flow from the last frame
to the one before, taken for that of the next. Clips of fewer frames are scored on what they have;
those with next to none, or unreadable ones, are named and left out. Needs OpenCV, of the extra
`bench`. Writes

    results.json      a row a clip, and one over all, see experiments.measure.video.scores
    results.md        the same as tables
    measurement.json  options, model, versions and the clips left out
    NAME.png          a clip's contact sheet: frames, errors and flows at some moments
"""

import hashlib
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from absl import flags

from experiments.console.errors import UserError
from experiments.measure.video import MIN_FRAMES, MIN_SIDE, MIN_WARM_UP, NUM_FRAMES, SIZE, WARM_UP
from experiments.run import command_line

_FLAGS = flags.FlagValues()
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder to write; new or empty.", required=True, flag_values=_FLAGS
)
_WORKDIR = flags.DEFINE_string(
    "workdir",
    "",
    "Folder of a run, a model's file, or name of a model shipped; empty: conv-2enc-1LSTM.",
    flag_values=_FLAGS,
)
_SIZE = flags.DEFINE_string(
    "size", SIZE, "HEIGHTxWIDTH to bring frames to, upright clips too.", flag_values=_FLAGS
)
_START = flags.DEFINE_integer(
    "start", 0, "Number of the first frame seen of each clip.", lower_bound=0, flag_values=_FLAGS
)
_WARM_UP = flags.DEFINE_integer(
    "warm_up",
    WARM_UP,
    "Frames that the model has seen at the first prediction scored.",
    lower_bound=MIN_WARM_UP,
    flag_values=_FLAGS,
)
_NUM_FRAMES = flags.DEFINE_integer(
    "num_frames",
    NUM_FRAMES,
    "Frames scored of each clip, at most.",
    lower_bound=MIN_FRAMES,
    flag_values=_FLAGS,
)
_COMMAND = flags.DEFINE_string(
    "command", None, "Command to be quoted; if not given, this one.", flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    command = command_line.command("experiments.measure.video", argv)
    return command_line.run(partial(_main, command), _FLAGS, __doc__, argv, arguments="FOLDER")


def _main(command: str, *folders: str) -> None:
    from experiments.measure.classical_flow import METHODS, ClassicalFlow
    from experiments.measure.video.clips import find_clips
    from experiments.measure.video.measurement import Options, measure
    from experiments.report.provenance import training
    from vstm.inference.model_file import MODEL_FILE
    from vstm.inference.predictor import PRETRAINED, find_model, load

    methods = {name: ClassicalFlow(name) for name in METHODS}  # which may lack OpenCV
    size = command_line.height_and_width("size", _SIZE.value)
    if min(size) < MIN_SIDE:
        raise UserError(f"--size={_SIZE.value}: expected {MIN_SIDE} pixels or more a side")
    model = find_model(_WORKDIR.value or PRETRAINED)
    file = model / MODEL_FILE if model.is_dir() else model
    try:
        predictor = load(file)
        checksum = hashlib.sha256(file.read_bytes()).hexdigest()
        table = measure(
            predictor,
            find_clips([Path(folder) for folder in folders]),
            Path(_OUTPUT.value or ""),
            Options(size, _START.value, _WARM_UP.value, _NUM_FRAMES.value),
            methods,
            command=_COMMAND.value or command,
            trained=training(file.parent),
            provenance={"model_path": str(model), "model_sha256": checksum},
        )
    except (OSError, ValueError) as error:
        raise UserError(str(error)) from error
    print(table)
    print(f"written to {_OUTPUT.value}")


if __name__ == "__main__":
    sys.exit(main())
