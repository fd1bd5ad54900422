import math

import pytest

from data.video.selection import Selection, seconds


@pytest.mark.parametrize(
    "text, expected",
    [("0", 0), ("62.5", 62.5), (".5", 0.5), ("90", 90), ("1:02.5", 62.5), ("1:00:02", 3602)],
)
def test_times_in_seconds_or_as_on_a_clock(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "-1", "a", "1:", "1:60", "1:60:00", "nan", "1:2:3:4", "1e3"])
def test_what_is_no_time_is_named(text):
    with pytest.raises(ValueError, match=f"^{text!r}: expected "):
        seconds(text)


@pytest.mark.parametrize(
    "options, numbers",
    [
        ({}, range(10)),
        ({"start": 0.3}, range(3, 10)),
        ({"end": 0.3}, range(3)),
        ({"start": 0.25, "end": 0.75}, range(3, 8)),
        ({"every": 3}, (0, 3, 6, 9)),
        ({"start": 0.2, "end": 0.75, "every": 2}, (2, 4, 6)),
        ({"start": 2.0}, ()),
    ],
)
def test_numbers_and_times_are_the_videos(options, numbers):
    frames = [(number / 10, f"frame {number}") for number in range(10)]
    taken = list(Selection(**options).of(frames))
    assert taken == [(number, number / 10, f"frame {number}") for number in numbers]


def test_nothing_is_read_after_the_end():
    read = []
    frames = ((read.append(number) or float(number), None) for number in range(100))
    assert len(list(Selection(end=3.0).of(frames))) == 3
    assert read == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"start": 3.0, "end": 3.0}, "from 3 s to 3 s: expected 0 <= start < end"),
        ({"start": math.nan}, "expected 0 <= start < end"),
        ({"every": 0}, "each 0-th frame: expected 1 or more"),
    ],
)
def test_empty_selections_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Selection(**options)
