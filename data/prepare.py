"""Decodes the clips of a data set once, into a folder that training reads.

    python -m data.prepare hmdb51 --source=DIR [--output=DIR] [--size=120x160] [--fit=crop]
    python -m data.prepare video_folder --source=DIR --split_by=time

NAME is hmdb51, video_folder, prost, visor or sintel; see `data.clips.hmdb51` and
`data.clips.source_clips` for their layouts. Frames become grey, upright, whole where they are
interlaced, and of square pixels, and are scaled to a size and cropped or padded. What is written is
read back and compared. A clip that cannot be read is skipped; the end lists all of them. The same
command goes on where it was stopped, mends what is damaged, adds clips that are new and reads those
anew whose files changed.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.clips.settings import NAMES, SPLIT_BY, Settings
from data.sequences import SPLITS
from data.video import FITS

DEFAULT_SIZE = (120, 160)
MIN_FRAMES = 13  # tau + 1 on real video


def summary(dataset: dict[str, Any], output: Path) -> str:
    """What was prepared, for people."""
    from data.clips.prepared_clips import from_json

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


def _size(text: str) -> tuple[int, int] | str:
    if text == "own":
        return text
    height, cross, width = text.partition("x")
    if not (cross and height.isdecimal() and width.isdecimal() and int(height) and int(width)):
        raise argparse.ArgumentTypeError(f"{text!r}: expected HEIGHTxWIDTH such as 120x160, or own")
    return int(height), int(width)


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number from 1")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1
    if not 0 <= share < 0.5:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number from 0 to below 0.5")
    return share


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m data.prepare",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("name", choices=NAMES)
    add("--source", type=Path, required=True, help="the data set's folder")
    add("--output", type=Path, help="prepared folder; prepared/NAME if not given")
    add("--size", type=_size, help="HEIGHTxWIDTH or own; 120x160 if not given, but sintel: own")
    add("--fit", choices=FITS, default="crop", help="how frames of other proportions fit")
    add("--frame_stride", type=_positive, default=1, help="takes every such frame")
    add("--min_frames", type=_positive, help="shorter clips are skipped; 13, but sintel: 2")
    add("--split_by", choices=SPLIT_BY, default="clip", help="how to divide, without own splits")
    add("--validation_share", type=_share, default=0.1, help="of clips or time; 0 for none")
    add("--test_share", type=_share, default=0.1, help="of clips or time; 0 for none")
    options = parser.parse_args(arguments)

    from data.clips.preparation import prepare  # heavy; not needed to be told of a typo

    is_sintel = options.name == "sintel"
    size = options.size or ("own" if is_sintel else DEFAULT_SIZE)
    min_frames = options.min_frames or (2 if is_sintel else MIN_FRAMES)
    output = options.output or Path("prepared") / options.name
    try:
        settings = Settings(
            name=options.name,
            source=options.source,
            size=None if size == "own" else size,
            fit=options.fit,
            frame_stride=options.frame_stride,
            min_frames=min_frames,
            split_by=options.split_by,
            validation_share=options.validation_share,
            test_share=options.test_share,
        )
        dataset = prepare(settings, output)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    print(summary(dataset, output))


if __name__ == "__main__":
    main()
