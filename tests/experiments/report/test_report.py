import json

import pytest

from experiments.console.errors import UserError
from experiments.report.page import report, seed_means


def write(folder, rows, text="| a |\n"):
    folder.mkdir()
    (folder / "results.json").write_text(json.dumps(rows))
    (folder / "results.md").write_text(text)


def test_page_has_all_results_in_order_with_their_pictures(tmp_path):
    results = tmp_path / "experiments" / "results"
    results.mkdir(parents=True)
    write(results / "table3", [{"loss": "sum", "test_l2": 0.1}], "the third\n")
    write(results / "table2", [{"variant": "x"}], "the second\n")
    write(results / "own", [], "someone's\n")
    (results / "table2" / "curves.png").write_bytes(b"")
    page = report(results, tmp_path / "RESULTS.md")
    assert page.index("## Table 2") < page.index("the second") < page.index("## Table 3")
    assert page.index("the third") < page.index("## own") < page.index("someone's")
    assert "(experiments/results/table2/curves.png)" in page
    assert "standard deviations" not in page


def test_means_over_seeds_of_what_differs_in_them_alone(tmp_path):
    rows = [
        {"variant": "a", "seed": 0, "sequences": 10, "score": 0.1, "paper": 0.3, "device": "x"},
        {"variant": "a", "seed": 1, "sequences": 10, "score": 0.3, "paper": 0.3, "commit": "y"},
        {"variant": "a", "seed": 0, "sequences": 20, "score": 0.05, "paper": 0.3},
    ]
    first, second = seed_means(rows)
    deviation = (2 * 0.1**2) ** 0.5  # of 0.1 and 0.3, by n - 1
    assert first == {
        "variant": "a",
        "sequences": "10",
        "paper": "0.3",
        "seeds": "2",
        "score": f"0.2 ± {deviation:.2g}",
    }
    assert (second["seeds"], second["score"]) == ("1", "0.05")
    assert seed_means(rows[1:]) == []
    rates = [row | {"seed": 0, "learning_rate": 0.1 * n} for n, row in enumerate(rows)]
    assert seed_means(rates) == []
    floors = [row | {"floor": 0.02 + 1e-9 * n} for n, row in enumerate(rows)]  # of two machines
    assert [(row["seeds"], row["floor"]) for row in seed_means(floors)] == [
        ("2", "0.02"),
        ("1", "0.02"),
    ]
    write(tmp_path / "table2", rows)
    assert "| a | 10 | 0.3 | 2 | 0.2 ± 0.14 |" in report(tmp_path, tmp_path / "RESULTS.md")


def test_missing_and_damaged_results_are_named(tmp_path):
    with pytest.raises(UserError, match=r"no folder with a results\.json"):
        report(tmp_path, tmp_path / "RESULTS.md")
    write(tmp_path / "table2", [])
    (tmp_path / "table2" / "results.json").write_text("{")
    with pytest.raises(UserError, match="table2: damaged results"):
        report(tmp_path, tmp_path / "RESULTS.md")
