"""What is known of a prepared clip, and its place in JSON files."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from data.files.bounds import MAX_PIXELS
from data.sequences import MAX_COUNT, SPLITS

UNUSED = "unused"
_MAX_CHECKSUM = 2**32 - 1


@dataclass(frozen=True)
class ClipInfo:
    """Metadata of a prepared clip.

    Attributes:
      name: path of its source, relative to the source folder.
      label: class; empty where the data set has none.
      num_frames: T.
      size: (H, W).
      checksum: CRC-32 of all arrays, frame by frame.
      cuts: numbers of the frames after a scene cut; see `data.clips.changes`.
      splits: for each of the data set's divisions, which frames belong to which split:
        {split: [start, stop]}.
      duplicates: numbers of the frames that repeat the one before.
      still: stretches [start, stop] of frames among which nothing moves. Folders that earlier
        versions wrote have neither `duplicates` nor `still`.
    """

    name: str
    label: str
    num_frames: int
    size: tuple[int, int]
    checksum: int
    cuts: tuple[int, ...]
    splits: tuple[dict[str, list[int]], ...]
    duplicates: tuple[int, ...] = ()
    still: tuple[tuple[int, int], ...] = ()


def to_json(info: ClipInfo) -> dict[str, Any]:
    return asdict(info)


def from_json(content: Any) -> ClipInfo:
    """Inverse of `to_json`; reads what earlier versions wrote too.

    Raises:
      ValueError: a field is missing, unknown, of another kind or outside its range; the message
        begins with its name.
    """
    if not isinstance(content, dict):
        raise ValueError(f"clip: expected its fields, got {content!r}")
    given: dict[str, Any] = {"duplicates": [], "still": []} | content
    names = [field.name for field in fields(ClipInfo)]
    for name in [*names, *given]:
        if name not in given or name not in names:
            raise ValueError(f"{name}: {'missing' if name in names else 'not a field of a clip'}")
    for name in ("name", "label"):
        if not isinstance(given[name], str):
            raise ValueError(f"{name}: expected text, got {given[name]!r}")
    num_frames = _whole("num_frames", given["num_frames"], 1, MAX_COUNT)
    height, width = (_whole("size", side, 1, MAX_PIXELS) for side in _pair("size", given["size"]))
    if height * width > MAX_PIXELS:
        raise ValueError(f"size: expected {MAX_PIXELS} pixels at most, got {height} x {width}")
    return ClipInfo(
        given["name"],
        given["label"],
        num_frames,
        (height, width),
        _whole("checksum", given["checksum"], 0, _MAX_CHECKSUM),
        tuple(_whole("cuts", cut, 0, num_frames) for cut in _list("cuts", given["cuts"])),
        tuple(_division(part, num_frames) for part in _list("splits", given["splits"])),
        tuple(
            _whole("duplicates", number, 0, num_frames)
            for number in _list("duplicates", given["duplicates"])
        ),
        tuple(_stretch("still", part, num_frames) for part in _list("still", given["still"])),
    )


def _division(content: Any, num_frames: int) -> dict[str, list[int]]:
    if not isinstance(content, dict) or not content.keys() <= set(SPLITS):
        raise ValueError(f"splits: expected stretches by {', '.join(SPLITS)}, got {content!r}")
    return {split: list(_stretch("splits", part, num_frames)) for split, part in content.items()}


def _stretch(name: str, content: Any, num_frames: int) -> tuple[int, int]:
    """[start, stop] of a clip's frames."""
    start, stop = (_whole(name, number, 0, num_frames) for number in _pair(name, content))
    if start > stop:
        raise ValueError(f"{name}: expected [start, stop], got {content!r}")
    return start, stop


def _pair(name: str, content: Any) -> tuple[Any, Any]:
    if not isinstance(content, list | tuple) or len(content) != 2:
        raise ValueError(f"{name}: expected two numbers, got {content!r}")
    return content[0], content[1]


def _list(name: str, content: Any) -> list[Any] | tuple[Any, ...]:
    if not isinstance(content, list | tuple):
        raise ValueError(f"{name}: expected a list, got {content!r}")
    return content


def _whole(name: str, value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name}: expected a whole number from {least} to {most}, got {value!r}")
    return value
