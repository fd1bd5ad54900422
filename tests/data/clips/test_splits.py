from pathlib import Path

import pytest

from data.clips import splits as splitting
from data.clips.source_clips import SourceClip


def clip(name, divisions=(), group=None):
    return SourceClip(name, Path(name), "", group or name, divisions)


def divide(clips, num_frames, split_by, validation_share, test_share, earlier=None):
    return splitting.divide(
        clips, num_frames, split_by, validation_share, test_share, earlier or {}
    )


def split_of(ranges, division=0):
    return [next(iter(divisions[division]), None) for divisions in ranges]


def test_whole_groups_are_held_out():
    clips = [clip(f"{i}", group=f"recording {i // 3}") for i in range(60)]
    ranges = divide(clips, [30] * 60, "clip", 0.1, 0.2)
    splits = split_of(ranges)
    assert [splits.count(name) for name in ("train", "validation", "test")] == [42, 6, 12]
    for first in range(0, 60, 3):
        assert len(set(splits[first : first + 3])) == 1
    assert all(list(divisions[0].values()) == [[0, 30]] for divisions in ranges)


def test_what_is_held_out_depends_on_names_alone():
    clips = [clip(f"{i}") for i in range(20)]
    one = split_of(divide(clips, [30] * 20, "clip", 0.1, 0.1))
    other = split_of(divide(clips[::-1], [99] * 20, "clip", 0.1, 0.1))
    assert one == other[::-1]


def test_three_clips_give_one_to_each_split_and_two_are_too_few():
    clips = [clip(name) for name in "abc"]
    assert sorted(split_of(divide(clips, [30] * 3, "clip", 0.1, 0.1))) == [
        "test",
        "train",
        "validation",
    ]
    with pytest.raises(ValueError, match=r"2 clips, too few .* --split_by=time"):
        divide(clips[:2], [30] * 2, "clip", 0.1, 0.1)


def test_by_time_the_parts_follow_each_other_without_overlap():
    (ranges,), (short,) = divide([clip("a"), clip("b")], [100, 7], "time", 0.1, 0.2)
    assert ranges == {"train": [0, 70], "validation": [70, 80], "test": [80, 100]}
    assert short == {"train": [0, 5], "validation": [5, 6], "test": [6, 7]}


def test_own_divisions_are_kept_and_validation_comes_from_training_clips_alone():
    divisions = [("train", "test", "unused")] * 20 + [("test", "train", "train")] * 10
    clips = [clip(f"{i}", each) for i, each in enumerate(divisions)]
    ranges = divide(clips, [30] * 30, "clip", 0.1, 0.1)
    first, second, third = (split_of(ranges, number) for number in range(3))
    assert (first[:20].count("train"), first[:20].count("validation")) == (18, 2)
    assert first[20:] == ["test"] * 10
    assert second[:20] == ["test"] * 20
    assert (second[20:].count("train"), second[20:].count("validation")) == (9, 1)
    assert third[:20] == [None] * 20


def test_own_validation_clips_stay():
    clips = [clip(name, (name,)) for name in ("train", "validation", "test")]
    assert split_of(divide(clips, [30] * 3, "clip", 0.1, 0.1)) == ["train", "validation", "test"]


def test_new_clips_do_not_move_those_divided_before():
    clips = [clip(f"{i}") for i in range(50)]
    before = split_of(divide(clips[:30], [30] * 30, "clip", 0.1, 0.1))
    earlier = {each.name: split for each, split in zip(clips[:30], before, strict=True)}
    after = split_of(divide(clips, [30] * 50, "clip", 0.1, 0.1, earlier))
    assert after[:30] == before
    assert [after.count(name) for name in ("train", "validation", "test")] == [40, 5, 5]


def test_a_share_of_0_holds_nothing_out_though_it_did_before():
    clips = [clip(name) for name in "abcd"]
    earlier = {"a": "test", "b": "validation"}
    assert split_of(divide(clips, [30] * 4, "clip", 0.0, 0.0, earlier)) == ["train"] * 4
    assert split_of(divide(clips, [30] * 4, "clip", 0.25, 0.0, earlier)).count("test") == 0
    assert divide(clips[:1], [30], "clip", 0.0, 0.0) == [({"train": [0, 30]},)]
    own = [clip(name, ("train",)) for name in "abcd"]
    assert split_of(divide(own, [30] * 4, "clip", 0.0, 0.1)) == ["train"] * 4
    assert split_of(divide(own, [30] * 4, "clip", 0.1, 0.1)).count("validation") == 1


def test_two_clips_are_enough_for_two_splits():
    clips = [clip(name) for name in "ab"]
    assert sorted(split_of(divide(clips, [30] * 2, "clip", 0.0, 0.1))) == ["test", "train"]
    with pytest.raises(ValueError, match=r"1 clips, too few for training and validation; use"):
        divide(clips[:1], [30], "clip", 0.1, 0.0)


@pytest.mark.parametrize("count", [3, 4, 5, 6, 7, 50])
@pytest.mark.parametrize("share", [0.001, 0.1, 0.49])
def test_every_split_that_is_asked_for_has_something(count, share):
    clips = [clip(f"{i}") for i in range(count)]
    for split_by, lengths in (("clip", [30] * count), ("time", [count])):
        names = {
            name
            for (ranges,) in divide(clips[: len(lengths)], lengths, split_by, share, share)
            for name, (start, stop) in ranges.items()
            if stop > start
        }
        assert names == {"train", "validation", "test"}
