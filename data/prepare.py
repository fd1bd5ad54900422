"""Decodes the clips of a data set once, into a folder that training reads.

    python -m data.prepare hmdb51 --source=DIR [--output=DIR] [--size=120x160] [--fit=crop]
    python -m data.prepare video_folder --source=DIR --split_by=time

NAME is hmdb51, video_folder, prost, visor or sintel; see `data.clips.hmdb51` and
`data.clips.source_clips` for their layouts. Frames become grey, upright, deinterlaced, with square
pixels, and are scaled to a size and cropped or padded. What is written is read back and compared. A
clip that cannot be read is skipped; all of them are listed at the end. The same command resumes
where it was stopped, repairs damaged files, adds new clips and re-reads clips whose files changed.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data import command_line
from data.clips.settings import NAMES, SPLIT_BY, Settings
from data.sequences import SPLITS
from data.video import FITS

_OWN_SIZE = "own"
_OF_SINTEL: dict[str, Any] = {"size": _OWN_SIZE, "min_frames": 2}  # flow is that of whole frames


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _parser(), argv)


def _main(arguments: argparse.Namespace) -> None:
    fields = {name: value for name, value in vars(arguments).items() if value is not None}
    output = fields.pop("output", Path("prepared") / arguments.name)
    if arguments.name == "sintel":
        fields = _OF_SINTEL | fields
    if fields.get("size") == _OWN_SIZE:
        fields["size"] = None
    try:
        settings = Settings(**fields)
    except ValueError as error:
        raise ValueError(f"--{error}") from error

    from data.clips.preparation import prepare  # heavy; not needed to report a typo

    print(summary(prepare(settings, output), output))


def summary(dataset: dict[str, Any], output: Path) -> str:
    """What was prepared, for people."""
    from data.clips.clip_info import from_json

    infos = [from_json(entry["clip"]) for entry in dataset["clips"]]
    lines = [f"{output}: {len(infos)} clips, {sum(info.num_frames for info in infos)} frames"]
    for number in range(len(infos[0].splits)):
        for split in SPLITS:
            ranges = [info.splits[number][split] for info in infos if split in info.splits[number]]
            frames = sum(stop - start for start, stop in ranges)
            lines.append(f"  division {number + 1}, {split}: {len(ranges)} clips, {frames} frames")
    for kind in ("problems", "skipped"):
        lines += [f"{len(dataset[kind])} {kind}" + (":" if dataset[kind] else "")]
        lines += [f"  {name}: {reason}" for name, reason in dataset[kind].items()]
    return "\n".join(lines)


def _parser() -> command_line.Parser:
    parser = command_line.Parser("data.prepare", __doc__)
    add = parser.add_argument
    add("name", choices=NAMES)
    add("--source", type=Path, required=True, help="the data set's folder")
    add("--output", type=Path, help="prepared folder; prepared/NAME if not given")
    add("--size", type=_size, help="HEIGHTxWIDTH or own; 120x160 if not given, but sintel: own")
    add("--fit", choices=FITS, help="how frames of other proportions fit; crop if not given")
    add("--frame_stride", type=int, help="takes every such frame; 1 if not given")
    add("--min_frames", type=int, help="shorter clips are skipped; 13, but sintel: 2")
    add("--split_by", choices=SPLIT_BY, help="how to divide, without own splits; by clip")
    add("--validation_share", type=float, help="of clips or time; 0 for none; 0.1 if not given")
    add("--test_share", type=float, help="of clips or time; 0 for none; 0.1 if not given")
    return parser


def _size(text: str) -> tuple[int, int] | str:
    if text == _OWN_SIZE:
        return text
    height, cross, width = text.partition("x")
    if not (cross and height.isdecimal() and width.isdecimal() and int(height) and int(width)):
        raise argparse.ArgumentTypeError(f"{text!r}: expected HEIGHTxWIDTH such as 120x160, or own")
    return int(height), int(width)


if __name__ == "__main__":
    sys.exit(main())
