import json
import re

import pytest
from small_run import ROOT

from experiments.console.errors import UserError
from experiments.report.compact_table import compact_table
from experiments.report.page import MAIN, report
from experiments.report.tables import TABLES

RESULTS = ROOT / "experiments" / "results"
OF_A_RUN = {"run", "label", "length", "seed"}


def write(folder, rows, text="Table. Written by `a command`.\n", finding=""):
    folder.mkdir()
    (folder / "results.json").write_text(json.dumps(rows))
    (folder / "results.md").write_text(text)
    if finding:
        (folder / "finding.md").write_text(finding)


def stored(name):
    return json.loads((RESULTS / name / "results.json").read_text())


def test_page_has_a_section_for_each_results_in_order(tmp_path):
    results = tmp_path / "experiments" / "results"
    results.mkdir(parents=True)
    write(results / "table3", [{"loss": "sum", "test_l2": 0.1}], finding="The third.\n")
    write(results / "table2", [{"variant": "x", "sequences": 1}], finding="The second.\n")
    write(results / "own", [{"a": 0.5, "new_metric": 2.0}], "someone's\n")
    (results / "table2" / "curves.png").write_bytes(b"")
    page = report(results, tmp_path / "RESULTS.md")
    parts = [
        "## Table 2",
        "The second.",
        "| x | 1 |",
        "![table2, curves](experiments/results/table2/curves.png)",
        "Made by `a command`; all rows: [results.md](experiments/results/table2/results.md).",
        "## Table 3",
        "The third.",
        "| sum | 0.100 |",
        "## own",
        "| a | new_metric |",
        "All rows: [results.md](experiments/results/own/results.md)",
    ]
    places = [page.index(part) for part in parts]
    assert places == sorted(places)


def test_page_begins_with_the_main_table_at_the_longest_common_length(tmp_path):
    rows = [
        {"variant": variant, "sequences": length, "seed": 0}
        | {"test_cross_entropy": length / 1e4, "paper": 0.5, "ratio": length / 5e3, "floor": 0.1}
        for variant, length in (("a", 1000), ("a", 2000), ("b", 3000), ("b", 2000))
    ]
    rows += [row | {"settings": {"x": 1}, "test_cross_entropy": 9.0} for row in rows]
    write(tmp_path / MAIN, rows)
    page = report(tmp_path, tmp_path / "RESULTS.md")
    overview = page[: page.index("## Table 2")]
    assert "The 2 variants after 2,000 training sequences each" in overview
    assert "| a | 0.200 | 0.500 | 0.400 |\n| b | 0.200 | 0.500 | 0.400 |\n" in overview
    (tmp_path / MAIN / "results.json").write_text(json.dumps(rows[:1] + rows[2:3]))
    assert "variants after" not in report(tmp_path, tmp_path / "RESULTS.md")


def test_missing_and_damaged_results_are_named(tmp_path):
    with pytest.raises(UserError, match=r"no folder with a results\.json"):
        report(tmp_path, tmp_path / "RESULTS.md")
    row = {"variant": "a", "sequences": 1, "seed": 0, "ratio": 0.5}
    for content in ("{", "3", "[3]", '[{"variant": "a"}]', json.dumps([row, row])):
        if not (tmp_path / MAIN).exists():
            write(tmp_path / MAIN, [])
        (tmp_path / MAIN / "results.json").write_text(content)
        with pytest.raises(UserError, match=r"table2/results\.json: not rows of results"):
            report(tmp_path, tmp_path / "RESULTS.md")


def test_the_page_in_the_project_is_made_from_the_results_in_it():
    assert report(RESULTS, ROOT / "RESULTS.md") == (ROOT / "RESULTS.md").read_text()


def test_every_results_has_an_entry_and_a_finding():
    assert {path.name for path in RESULTS.iterdir() if path.is_dir()} == set(TABLES)
    for name in TABLES:
        assert (RESULTS / name / "finding.md").exists()


@pytest.mark.parametrize("name", TABLES)
def test_columns_are_fields_of_the_results(name):
    table = TABLES[name]
    fields = {field for row in stored(name) for field in row} | OF_A_RUN
    # Rows from before seeds were gathered lack what later ones have.
    assert {*table.columns, *table.by, *table.across, *table.where, *table.key} <= fields
    assert set(table.by) & set(table.columns) or not table.columns
    assert len(set(table.columns.values())) == len(table.columns)


@pytest.mark.parametrize("name", TABLES)
def test_numbers_of_a_finding_are_those_of_the_results(name):
    """Decimals; those of the results that it names, and the paper's, count too."""
    finding = (RESULTS / name / "finding.md").read_text()
    known = set()
    for other in {name, MAIN, *(re.findall(r"`(\w+)`", finding))} & set(TABLES):
        known |= {v for row in stored(other) for v in row.values() if isinstance(v, float)}
        shown = " ".join(
            text for line in compact_table(TABLES[other], stored(other)) for text in line.values()
        )
        known |= {float(mean) for mean in re.findall(r"(\d+\.\d+) ±", shown)}
    for number in re.findall(r"(?<![\d.])\d+\.\d+(?!\.?\d)", finding):
        decimals = len(number.split(".")[1])
        assert any(abs(value - float(number)) <= 0.5001 * 10**-decimals for value in known), number
