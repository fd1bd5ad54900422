import json

from experiments.report.results_table import cell_text, markdown_rows, results_table, write_results

ROW = {"variant": "a", "seed": 0, "score": 0.5}


def test_a_table_claims_no_device_or_commit_but_its_rows():
    table = results_table([ROW | {"commit": "one", "device": "card", "flow": 0.25}], "command")
    assert table.splitlines() == [
        "Written by `command`.",
        "",
        "| variant | seed | score | flow | device | commit |",
        "|---|---|---|---|---|---|",
        "| a | 0 | 0.5 | 0.25 | card | one |",
    ]


def test_a_table_has_a_cell_for_every_field_of_any_row():
    rows = [ROW | {"score": 0.123456789}, {"variant": "b", "flow": None}]
    assert markdown_rows(rows).splitlines() == [
        "| variant | seed | score | flow |",
        "|---|---|---|---|",
        "| a | 0 | 0.12346 | - |",
        "| b | - | - | - |",
    ]


def test_cells_are_text_or_rounded_numbers_or_both():
    assert cell_text({"tau": 0.5, "moving_mnist.lines": True}) == "tau=0.5, moving_mnist.lines=True"
    assert [cell_text(value) for value in ({}, None, 3, 0.123456)] == ["-", "-", "3", "0.12346"]


def test_results_are_what_json_reads_back(tmp_path):
    write_results(tmp_path / "new", [ROW], "table")
    assert json.loads((tmp_path / "new" / "results.json").read_text()) == [ROW]
    assert (tmp_path / "new" / "results.md").read_text() == "table"
