import pytest

from experiments.console.errors import UserError
from experiments.report.compact_table import compact_table
from experiments.report.table import Table

COLUMNS = {"variant": "variant", "sequences": "length", "score": "ours", "paper": "paper"}
TABLE = Table("A table", columns=COLUMNS, by=("variant", "sequences"))
ROWS = [
    {"variant": "a", "seed": 0, "sequences": 10, "score": 0.1, "paper": 0.3, "device": "x"},
    {"variant": "a", "seed": 1, "sequences": 10, "score": 0.3, "paper": 0.3, "commit": "y"},
    {"variant": "a", "seed": 0, "sequences": 20, "score": 0.05, "paper": 0.3},
]


def test_lines_are_means_over_seeds():
    deviation = (2 * 0.1**2) ** 0.5  # of 0.1 and 0.3, by n - 1
    assert compact_table(TABLE, ROWS) == [
        {
            "variant": "a",
            "length": "10",
            "ours": f"0.200 ± {deviation:.3f}",
            "paper": "0.300",
            "seeds": "2",
        },
        {"variant": "a", "length": "20", "ours": "0.0500", "paper": "0.300", "seeds": "1"},
    ]
    assert [list(line) for line in compact_table(TABLE, ROWS[1:])] == [[*COLUMNS.values()]] * 2


def test_a_column_of_settings_is_there_if_a_row_has_some():
    columns = {"variant": "variant", "settings": "settings", "score": "ours"}
    table = Table("A table", columns=columns, by=("variant", "settings"))
    rows = [{"variant": "a", "settings": {}, "score": 1.0}]
    assert compact_table(table, rows) == [{"variant": "a", "ours": "1.00"}]
    others = {"variant": "a", "settings": {"schedule": "trapezoid", "share": 0.5}, "score": 2.0}
    assert compact_table(table, [*rows, others]) == [
        {"variant": "a", "settings": "-", "ours": "1.00"},
        {"variant": "a", "settings": "schedule=trapezoid, share=0.5", "ours": "2.00"},
    ]


def test_a_deviation_below_the_last_digit_is_left_out():
    floors = [row | {"score": 0.0197 + 1e-9 * n} for n, row in enumerate(ROWS)]  # of two machines
    assert [line["ours"] for line in compact_table(TABLE, floors)] == ["0.0197", "0.0197"]


def test_numbers_have_three_digits_without_an_exponent():
    values = [0.000123456, 0.0999999, 1.0, 12.345, 123456.7, 0.0, -0.25, 7, None, "x"]
    expected = ["0.000123", "0.1000", "1.00", "12.3", "123457", "0", "-0.250", "7", "-", "x"]
    lines = compact_table(Table("All fields"), [{"score": value, "commit": 1} for value in values])
    assert lines == [{"score": text} for text in expected]


def test_rows_that_are_not_told_apart_are_refused():
    with pytest.raises(UserError, match="several rows of a, 10 that don't differ in their seed"):
        compact_table(TABLE, [*ROWS, ROWS[0]])


def test_runs_names_tell_length_and_seed_and_shared_lines_stand_once():
    table = Table(
        "A table",
        columns={"name": "of", "label": "run", "length": "length", "error": "error"},
        by=("name", "label", "length"),
        where={"name": ("model", "zero", "cells")},
    )
    runs = [
        f"{label}-{length}-seed{seed}"
        for label, length, seed in (("a-1", 10, 0), ("a-1", 10, 1), ("b", 10, 0), ("b", 20, 0))
    ]
    rows = [
        {"run": ", ".join(runs), "name": "zero", "error": 9.0},
        {"run": runs[0], "name": "model", "error": 1.0},
        {"run": runs[1], "name": "model", "error": 2.0},
        {"run": runs[2], "name": "model", "error": 3.0},
        {"run": runs[3], "name": "left out", "error": 3.0},
        {"run": ", ".join(runs[2:]), "name": "cells", "error": 4.0},
        {"run": runs[0], "name": "cells", "error": 4.0000001},
    ]
    names = ("of", "run", "length", "error", "seeds")
    assert [tuple(line[name] for name in names) for line in compact_table(table, rows)] == [
        ("model", "a-1", "10", "1.50 ± 0.71", "2"),
        ("model", "b", "10", "3.00", "1"),
        ("zero", "all", "-", "9.00", "-"),
        ("cells", "b", "-", "4.00", "-"),
        ("cells", "a-1", "10", "4.00", "1"),
    ]


def test_a_field_can_lie_across_the_lines():
    table = Table(
        "A table",
        columns={"label": "run", "mean": "mean", "error": "error of frame"},
        by=("label",),
        across=("frame",),
        where={"frame": (None, 1, 10)},
    )
    scores = [{"mean": 2.0}, {"frame": 10, "error": 3.0}, {"frame": 1, "error": 1.0}]
    rows = [{"run": "a-10-seed0"} | score for score in (*scores, {"frame": 5, "error": 2.0})]
    assert compact_table(table, rows) == [
        {"run": "a", "mean": "2.00", "error of frame 1": "1.00", "error of frame 10": "3.00"}
    ]
