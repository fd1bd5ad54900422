"""Divides clips, or the time of each clip, into training, validation and test."""

import zlib
from collections.abc import Mapping, Sequence

from data.clips.clip_info import UNUSED
from data.clips.source_clips import SourceClip

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
    groups is held out for it. Otherwise there is one division: by clip, which holds out whole
    groups, or by time, where each clip's first frames are for training and its last for test. A
    share of 0 holds out nothing, any other at least one group or frame; at least one is left for
    training.

    Args:
      clips: the clips.
      num_frames: of each of them.
      split_by: `clip` or `time`; ignored for clips with divisions of their own.
      validation_share: of groups or frames, from 0 to below 0.5.
      test_share: of groups or frames, from 0 to below 0.5.
      earlier: splits of clips that were divided before, by name; their groups keep them.

    Raises:
      ValueError: too few groups to hold any out.
    """
    if any(clip.divisions for clip in clips):
        count = len(clips[0].divisions)
        divisions = [_own(clips, number, validation_share) for number in range(count)]
    elif split_by == "time":
        return [(_by_time(frames, validation_share, test_share),) for frames in num_frames]
    else:
        divisions = [_by_clip(clips, validation_share, test_share, earlier)]
    return [
        tuple({} if division[i] == UNUSED else {division[i]: [0, frames]} for division in divisions)
        for i, frames in enumerate(num_frames)
    ]


def _held_out(count: int, validation_share: float, test_share: float) -> tuple[int, int]:
    """How many of `count` groups or frames are held out for validation and for test."""
    validation, test = (
        max(1, round(share * count)) if share else 0 for share in (validation_share, test_share)
    )
    validation = max(0, min(validation, count - 1 - test))
    return validation, min(test, count - 1 - validation)


def _by_clip(
    clips: Sequence[SourceClip],
    validation_share: float,
    test_share: float,
    earlier: Mapping[str, str],
) -> list[str]:
    shares = {"test": test_share, "validation": validation_share}
    groups = {clip.group for clip in clips}
    wanted_splits = ["training", *(split for split in ("validation", "test") if shares[split])]
    if len(groups) < len(wanted_splits):
        raise ValueError(
            f"{len(groups)} clips, too few for {', '.join(wanted_splits[:-1])} and "
            f"{wanted_splits[-1]}; use --split_by=time, folders train, validation and test, or "
            "shares of 0"
        )
    validation, test = _held_out(len(groups), validation_share, test_share)
    named = {
        clip.group: earlier[clip.name]
        for clip in clips
        if clip.name in earlier and shares.get(earlier[clip.name], 1)
    }
    for split, count in (("test", test), ("validation", validation)):
        missing = count - list(named.values()).count(split)
        named |= dict.fromkeys(_first(groups - set(named), missing), split)
    return [named.get(clip.group, "train") for clip in clips]


def _own(clips: Sequence[SourceClip], number: int, validation_share: float) -> list[str]:
    splits = [clip.divisions[number] for clip in clips]
    groups = {clip.group for clip, split in zip(clips, splits, strict=True) if split == "train"}
    if "validation" in splits:
        return splits
    validation = _first(groups, _held_out(len(groups), validation_share, 0)[0])
    return [
        "validation" if split == "train" and clip.group in validation else split
        for clip, split in zip(clips, splits, strict=True)
    ]


def _first(groups: set[str], count: int) -> list[str]:
    """The first `count` groups, in an order that depends only on their names."""
    return sorted(groups, key=lambda group: (_hash(group), group))[: max(0, count)]


def _hash(group: str) -> int:
    return zlib.crc32(group.encode(errors="surrogateescape"))


def _by_time(num_frames: int, validation_share: float, test_share: float) -> Ranges:
    validation, test = _held_out(num_frames, validation_share, test_share)
    ranges = {
        "train": [0, num_frames - validation - test],
        "validation": [num_frames - validation - test, num_frames - test],
        "test": [num_frames - test, num_frames],
    }
    return {split: [start, stop] for split, (start, stop) in ranges.items() if start < stop}
