"""Divides clips, or the time of each clip, into training, validation and test."""

import zlib
from collections.abc import Mapping, Sequence

from data.prepared_clips import UNUSED
from data.source_clips import SourceClip

SPLIT_BY = ("clip", "time")
Ranges = dict[str, list[int]]


def divide(
    clips: Sequence[SourceClip],
    num_frames: Sequence[int],
    split_by: str,
    validation_share: float,
    test_share: float,
    earlier: Mapping[str, str],
) -> list[tuple[Ranges, ...]]:
    """For each clip and division, which frames belong to which split: {split: [start, stop]}.

    A data set's own divisions are kept; if they have no validation clips, a share of the training
    groups becomes that. Without own divisions there is one: by clip, where whole groups are held
    out, or by time, where each clip's first frames train and its last ones test.

    Args:
      clips: the clips.
      num_frames: of each of them.
      split_by: `clip` or `time`; not read for clips with own divisions.
      validation_share: of groups or frames.
      test_share: of groups or frames.
      earlier: split by name of clips that were divided before, when there were fewer; their groups
        keep it.

    Raises:
      ValueError: too few groups to hold any out.
    """
    if any(clip.divisions for clip in clips):
        count = len(clips[0].divisions)
        divisions = [_own(clips, number, validation_share) for number in range(count)]
    elif split_by == "time":
        return [(_by_time(frames, validation_share, test_share),) for frames in num_frames]
    else:
        groups = {clip.group for clip in clips}
        kept = {clip.group: earlier[clip.name] for clip in clips if clip.name in earlier}
        if len(groups) < 3:
            raise ValueError(
                f"{len(groups)} clips, too few for training, validation and test; "
                "use --split_by=time, or folders train, validation and test"
            )
        named = dict(kept)
        for split, share in (("test", test_share), ("validation", validation_share)):
            wanted = max(1, round(share * len(groups))) - list(named.values()).count(split)
            named |= dict.fromkeys(_first(groups - set(named), wanted), split)
        divisions = [[named.get(clip.group, "train") for clip in clips]]
    return [
        tuple({} if division[i] == UNUSED else {division[i]: [0, frames]} for division in divisions)
        for i, frames in enumerate(num_frames)
    ]


def _own(clips: Sequence[SourceClip], number: int, validation_share: float) -> list[str]:
    splits = [clip.divisions[number] for clip in clips]
    groups = {clip.group for clip, split in zip(clips, splits, strict=True) if split == "train"}
    if "validation" in splits or len(groups) < 2:
        return splits
    validation = _first(groups, max(1, round(validation_share * len(groups))))
    return [
        "validation" if split == "train" and clip.group in validation else split
        for clip, split in zip(clips, splits, strict=True)
    ]


def _first(groups: set[str], count: int) -> list[str]:
    """So many of the groups, in an order that depends on their names alone."""
    return sorted(groups, key=lambda group: (_hash(group), group))[: max(0, count)]


def _hash(group: str) -> int:
    return zlib.crc32(group.encode(errors="surrogateescape"))


def _by_time(num_frames: int, validation_share: float, test_share: float) -> Ranges:
    test = num_frames - round(test_share * num_frames)
    validation = test - round(validation_share * num_frames)
    return {
        "train": [0, validation],
        "validation": [validation, test],
        "test": [test, num_frames],
    }
