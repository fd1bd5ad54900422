"""Decodes the clips of a data set once, into a folder that training reads.

    python -m data.prepare hmdb51 --source=DIR [--output=DIR] [--size=120x160] [--fit=crop]
    python -m data.prepare video_folder --source=DIR --split_by=time

NAME is hmdb51, video_folder, prost, visor or sintel; see `data.hmdb51` and `data.source_clips` for
their layouts. Frames become grey, are scaled to a size and cropped or padded. What is written is
read back and compared. A clip that cannot be read is skipped; the end lists all of them. The same
command goes on where it was stopped, mends what is damaged and adds clips that are new.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from data import hmdb51, source_clips
from data.framing import FITS
from data.prepared_clips import (
    CLIPS_FOLDER,
    DATASET_FILE,
    ClipInfo,
    checksum_of,
    from_json,
    to_json,
    write_clip,
)
from data.source_clips import Row, SourceClip
from data.splits import SPLIT_BY, divide

LISTINGS = {
    "hmdb51": hmdb51.hmdb51,
    "video_folder": source_clips.video_folder,
    "prost": source_clips.prost,
    "visor": source_clips.visor,
    "sintel": source_clips.sintel,
}
DEFAULT_SIZE = (120, 160)
MIN_FRAMES = 13  # tau + 1 on real video
_SETTINGS_FILE = "settings.json"


class UnreadableClipError(Exception):
    """A clip that is skipped; the message names it and says why."""


def prepare(
    name: str,
    source: Path,
    output: Path,
    *,
    size: tuple[int, int] | None,
    how: str,
    frame_stride: int,
    min_frames: int,
    split_by: str,
    validation_share: float,
    test_share: float,
) -> dict[str, Any]:
    """Prepares a data set; see the module.

    Args:
      name: a key of `LISTINGS`.
      source: the data set's folder.
      output: the prepared folder; must be new, empty or of the same settings.
      size: (H, W) of the frames; None for the clips' own.
      how: see `data.framing.fit`.
      frame_stride: every which frame is taken.
      min_frames: clips with fewer are skipped.
      split_by: see `data.splits`, as the two shares.
      validation_share: of clips or time.
      test_share: of clips or time.

    Returns:
      What `dataset.json` holds: settings, clips, and what was skipped or has problems, by name.

    Raises:
      OSError: unreadable or not writable.
      ValueError: bad input, or no clip that can be used; the message says which.
    """
    if not source.is_dir():
        raise ValueError(f"{source}: no such folder")
    settings = {
        "name": name,
        "source": str(source.resolve()),
        "size": size,
        "fit": how,
        "frame_stride": frame_stride,
        "min_frames": min_frames,
        "split_by": split_by,
        "validation_share": validation_share,
        "test_share": test_share,
    }
    _enter(output, settings)
    if name == "hmdb51":
        source = hmdb51.extract(source, output / "extracted")
    clips = LISTINGS[name](source)

    used: list[tuple[SourceClip, ClipInfo]] = []
    skipped, problems = {}, {}
    for clip in tqdm(clips, desc=name, unit="clip", disable=None):
        try:
            info, problem = _prepare_clip(clip, output, size, how, frame_stride)
        except UnreadableClipError as error:
            skipped[clip.name] = str(error)
            continue
        if info.num_frames < min_frames:
            skipped[clip.name] = f"{info.num_frames} frames, fewer than --min_frames={min_frames}"
            continue
        if problem:
            problems[clip.name] = problem
        used.append((clip, info))
    if not used:
        raise ValueError(f"{source}: no clip can be used: " + "; ".join(list(skipped.values())[:5]))

    ranges = divide(
        [clip for clip, _ in used],
        [info.num_frames for _, info in used],
        split_by,
        validation_share,
        test_share,
        _earlier_splits(output),
    )
    dataset = {
        "settings": settings,
        "clips": [
            {"file": _stem(clip) + ".array_record", "clip": to_json(replace(info, splits=splits))}
            for (clip, info), splits in zip(used, ranges, strict=True)
        ],
        "skipped": skipped,
        "problems": problems,
    }
    _write(output / DATASET_FILE, dataset)
    return dataset


def _enter(output: Path, settings: dict[str, Any]) -> None:
    """Makes the folder, or enters that of the same settings."""
    path = output / _SETTINGS_FILE
    wanted = json.loads(json.dumps(settings))
    if path.is_file():
        try:
            there = dict(json.loads(path.read_text()))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path}: damaged ({error}); choose another --output") from error
        if there != wanted:
            differing = [key for key in wanted if wanted[key] != there.get(key)]
            raise ValueError(
                f"{output}: was prepared with other settings ("
                + ", ".join(f"{key}: {there.get(key)}, not {wanted[key]}" for key in differing)
                + "); choose another --output"
            )
    elif output.exists() and any(output.iterdir()):
        raise ValueError(f"{output}: not empty, and not a prepared folder; choose another --output")
    (output / CLIPS_FOLDER).mkdir(parents=True, exist_ok=True)
    _write(path, wanted)


def _earlier_splits(output: Path) -> dict[str, str]:
    """Split by name of clip, of an earlier preparation by clips; empty where there was none."""
    try:
        content = json.loads((output / DATASET_FILE).read_text())
        infos = [from_json(entry["clip"]) for entry in content["clips"]]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {info.name: next(iter(info.splits[0])) for info in infos if info.splits[0]}


def _prepare_clip(
    clip: SourceClip, output: Path, size: tuple[int, int] | None, how: str, stride: int
) -> tuple[ClipInfo, str]:
    """Writes one clip and reads it back, unless it is there and whole; also its problem, if any."""
    path = output / CLIPS_FOLDER / f"{_stem(clip)}.array_record"
    description = path.with_suffix(".json")
    source_state = _state(clip.path)
    if path.is_file() and description.is_file():
        try:
            there = json.loads(description.read_text())
            info = from_json(there["clip"])
            unchanged = there["source"] == source_state
            if unchanged and checksum_of(path, info.num_frames) == info.checksum:
                return info, there["problem"]
        except (ValueError, KeyError, TypeError):
            pass  # damaged: written again
    try:
        rows, problem = clip.rows(size, how, stride)
    except (OSError, ValueError) as error:
        raise UnreadableClipError(str(error)) from error
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    try:
        written = write_clip(part, _read(rows))
        if checksum_of(part, written["num_frames"]) != written["checksum"]:
            raise ValueError(f"{part}: reads back other frames than were written")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    info = ClipInfo(clip.name, clip.label, **written, splits=())
    _write(description, {"clip": to_json(info), "problem": problem, "source": source_state})
    return info, problem


def _read(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows, with errors of reading told from those of writing."""
    try:
        yield from rows
    except (OSError, ValueError) as error:
        raise UnreadableClipError(str(error)) from error


def _state(path: Path) -> list[int]:
    """What changes when a file, or a file of a folder, is replaced."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    states = [file.stat() for file in files]
    return [sum(each.st_size for each in states), max(each.st_mtime_ns for each in states)]


def _stem(clip: SourceClip) -> str:
    return hashlib.sha1(clip.name.encode(errors="surrogateescape")).hexdigest()[:16]


def _write(path: Path, content: Any) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content, indent=1) + "\n")
    os.replace(part, path)


def summary(dataset: dict[str, Any], output: Path) -> str:
    """What was prepared, for people."""
    infos = [from_json(entry["clip"]) for entry in dataset["clips"]]
    lines = [f"{output}: {len(infos)} clips, {sum(info.num_frames for info in infos)} frames"]
    for number in range(len(infos[0].splits)):
        for split in source_clips.SPLITS:
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
        prog="python -m data.prepare", description=__doc__.splitlines()[0], allow_abbrev=False
    )
    add = parser.add_argument
    add("name", choices=LISTINGS)
    add("--source", type=Path, required=True, help="the data set's folder")
    add("--output", type=Path, help="prepared folder; prepared/NAME if not given")
    add("--size", type=_size, help="HEIGHTxWIDTH or own; 120x160 if not given, but sintel: own")
    add("--fit", choices=FITS, default="crop", help="how frames of other proportions fit")
    add("--frame_stride", type=_positive, default=1, help="takes every such frame")
    add("--min_frames", type=_positive, help="shorter clips are skipped; 13, but sintel: 2")
    add("--split_by", choices=SPLIT_BY, default="clip", help="how to divide, without own splits")
    add("--validation_share", type=_share, default=0.1, help="of clips or time")
    add("--test_share", type=_share, default=0.1, help="of clips or time")
    options = parser.parse_args(arguments)
    is_sintel = options.name == "sintel"
    size = options.size or ("own" if is_sintel else DEFAULT_SIZE)
    min_frames = options.min_frames or (2 if is_sintel else MIN_FRAMES)
    output = options.output or Path("prepared") / options.name
    try:
        dataset = prepare(
            options.name,
            options.source,
            output,
            size=None if size == "own" else size,
            how=options.fit,
            frame_stride=options.frame_stride,
            min_frames=min_frames,
            split_by=options.split_by,
            validation_share=options.validation_share,
            test_share=options.test_share,
        )
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    print(summary(dataset, output))


if __name__ == "__main__":
    main()
