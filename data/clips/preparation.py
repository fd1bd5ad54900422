"""Decodes the clips of a data set into a prepared folder; see `data.prepare`, the program."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from data.atomic_file import SUFFIX, replacing, write_atomically
from data.clips import hmdb51, source_clips
from data.clips.clip_info import ClipInfo, from_json, to_json
from data.clips.prepared_clips import CLIPS_FOLDER, DATASET_FILE, checksum_of, write_clip
from data.clips.settings import Settings
from data.clips.source_clips import Row, SourceClip
from data.clips.splits import divide
from data.files.json_files import parse_json
from data.files.reading import reading
from data.progress import Progress, still_at_it

LISTINGS = {
    "hmdb51": hmdb51.hmdb51,
    "video_folder": source_clips.video_folder,
    "prost": source_clips.prost,
    "visor": source_clips.visor,
    "sintel": source_clips.sintel,
}
_SETTINGS_FILE = "settings.json"


class UnusableClipError(Exception):
    """A clip that is skipped; the message names it and says why."""


def prepare(settings: Settings, output: Path) -> dict[str, Any]:
    """Prepares a data set, or resumes a preparation.

    Args:
      settings: what and how.
      output: the prepared folder; must be new, empty or of the same settings.

    Returns:
      The content of `dataset.json`: settings, clips, and skipped clips and problems by name.

    Raises:
      OSError: unreadable or not writable.
      ValueError: bad input, or no usable clip; the message says why.
    """
    source = settings.source
    if not source.is_dir():
        raise ValueError(f"{source}: no such folder")
    written_settings = asdict(settings) | {"source": str(source.resolve())}
    _enter(output, written_settings)
    with still_at_it(f"listing the clips of {source}"):
        if settings.name == "hmdb51":
            source = hmdb51.extract(source, output / "extracted")
        clips = LISTINGS[settings.name](source)

    used: list[tuple[SourceClip, ClipInfo]] = []
    skipped, problems = {}, {}
    with Progress(len(clips), unit="clip", description=f"preparing {settings.name}") as progress:
        for clip in clips:
            try:
                info, problem = _prepare_clip(clip, output, settings)
                _check_length(info, settings.min_frames)
            except UnusableClipError as error:
                skipped[clip.name] = str(error)
            else:
                used.append((clip, info))
                problems |= {clip.name: problem} if problem else {}
            progress.advance()
    if not used:
        raise ValueError(f"{source}: no clip can be used: " + "; ".join(list(skipped.values())[:5]))

    ranges = divide(
        [clip for clip, _ in used],
        [info.num_frames for _, info in used],
        settings.split_by,
        settings.validation_share,
        settings.test_share,
        _earlier_splits(output),
    )
    dataset = {
        "settings": written_settings,
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
    """Creates the folder, or checks that an existing one has the same settings."""
    path = output / _SETTINGS_FILE
    wanted = json.loads(json.dumps(settings))
    if path.exists():
        with reading(path, "intact; choose another --output"):
            there = dict(parse_json(path))
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
    for part in (output / CLIPS_FOLDER).glob(f"*{SUFFIX}"):  # left by a preparation that was killed
        part.unlink()
    _write(path, wanted)


def _earlier_splits(output: Path) -> dict[str, str]:
    """Split by name of clip, of an earlier preparation by clips; empty where there was none."""
    path = output / DATASET_FILE
    try:
        with reading(path, "intact"):
            infos = [from_json(entry["clip"]) for entry in parse_json(path)["clips"]]
    except (OSError, ValueError):
        return {}
    return {info.name: next(iter(info.splits[0])) for info in infos if any(info.splits[:1])}


def _prepare_clip(clip: SourceClip, output: Path, settings: Settings) -> tuple[ClipInfo, str]:
    """Writes a clip and verifies it, unless an intact one exists; returns its problem too."""
    path = output / CLIPS_FOLDER / f"{_stem(clip)}.array_record"
    description = path.with_suffix(".json")
    try:
        source_state = _state(clip.files())
    except (OSError, ValueError) as error:
        raise _unusable(clip, error) from error
    try:
        there = _intact(description, path, source_state)
        if there is not None:
            return there
    except (OSError, ValueError):
        pass  # missing or damaged: written again
    try:
        rows, problem = clip.rows(settings.size, settings.fit, settings.frame_stride)
    except (OSError, ValueError) as error:
        raise _unusable(clip, error) from error
    with replacing(path) as part:
        written = write_clip(part, _read(clip, rows))
        read_back = checksum_of(part, written["num_frames"], written["size"])
        if read_back != written["checksum"]:
            raise ValueError(f"{part}: reads back other frames than were written")
    info = ClipInfo(clip.name, clip.label, **written, splits=())
    found = {"clip": to_json(info), "problem": problem(), "source": source_state}
    _write(description, found)
    return info, found["problem"]


def _intact(description: Path, path: Path, source_state: str) -> tuple[ClipInfo, str] | None:
    """A clip that was written before, and its problem; None where it is another by now.

    Raises:
      OSError, ValueError: one of its files is missing or damaged.
    """
    with reading(description, "intact"):
        there = parse_json(description)
        info, problem = from_json(there["clip"]), there["problem"]
        measured = "duplicates" in there["clip"]  # earlier versions did not
        if there["source"] != source_state or not measured or not isinstance(problem, str):
            return None
    checksum = checksum_of(path, info.num_frames, info.size)
    return (info, problem) if checksum == info.checksum else None


def _check_length(info: ClipInfo, min_frames: int) -> None:
    if info.num_frames < min_frames:
        raise UnusableClipError(f"{info.num_frames} frames, fewer than --min_frames={min_frames}")


def _read(clip: SourceClip, rows: Iterator[Row]) -> Iterator[Row]:
    """The rows; errors of reading become `UnusableClipError`, unlike those of writing."""
    try:
        yield from rows
    except (OSError, ValueError) as error:
        raise _unusable(clip, error) from error


def _unusable(clip: SourceClip, error: OSError | ValueError) -> UnusableClipError:
    named = str(clip.path) in str(error)
    return UnusableClipError(str(error) if named else f"{clip.path}: {error}")


def _state(files: list[Path]) -> str:
    """Fingerprint of files; changes when one is modified, replaced, added or removed."""
    states = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha1(json.dumps(states).encode()).hexdigest()


def _stem(clip: SourceClip) -> str:
    return hashlib.sha1(clip.name.encode(errors="surrogateescape")).hexdigest()[:16]


def _write(path: Path, content: Any) -> None:
    write_atomically(path, json.dumps(content, indent=1) + "\n")
