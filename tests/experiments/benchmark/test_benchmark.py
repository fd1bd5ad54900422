import dataclasses
import json

import pytest
from published_numbers import PARAMETERS

from experiments.benchmark import __main__ as program
from experiments.benchmark import grid, measure
from experiments.benchmark.__main__ import cells
from experiments.benchmark.cells import Cell
from experiments.benchmark.grid import best_batches, measure_all, tables
from experiments.benchmark.scaling import plot, scaling_cells
from experiments.console.errors import UserError

SMALL = Cell("conv-2enc-1LSTM", "train", 2, tau=2, size=8)
HERE = {
    "processor": "Nine 5",
    "vector_bits": 512,
    "isa": "native",
    "cores": 2,
    "jax": "0.1",
    "torch": "2.1",
}
LIMITED = HERE | {"isa": "avx2"}
THERE = HERE | {"processor": "Seven 3", "vector_bits": 256, "cores": 1, "torch": None}


def measured(cell, ours, torch, megabytes=(300.0, 200.0)):
    return dataclasses.asdict(cell) | {
        "ours_s": ours,
        "torch_s": torch,
        "speedup": torch and torch / ours,
        "ours_peak_mb": megabytes[0],
        "torch_peak_mb": megabytes[1],
        "ours_compilation_s": 2.0 + cell.batch,
        "device": "cpu",
    }


def row(cell, ours, torch, megabytes=(300.0, 200.0), facts=HERE, commit="abc"):
    return measured(cell, ours, torch, megabytes) | facts | {"commit": commit}


def test_each_side_counts_at_its_best_batch():
    grid = [
        row(Cell("a", "train", 1), 0.5, 0.6),
        row(Cell("a", "train", 4), 0.1, 0.9, (450.0, 300.0)),
        row(Cell("a", "stream"), 0.01, 0.05),
    ]
    train, stream = best_batches(grid)
    assert (train["ours_s"], train["ours_batch"]) == (0.1, 4)
    assert (train["torch_s"], train["torch_batch"]) == (0.6, 1)
    assert train["speedup"] == pytest.approx(6.0)
    assert train["memory_ratio"] == 1.5  # both at batch 4
    assert train["compilation_s"] == 6.0
    assert (stream["phase"], stream["speedup"]) == ("stream", 5.0)
    assert (train["processor"], train["commit"]) == ("Nine 5", "abc")


def test_each_machine_has_rows_and_a_table_of_its_own():
    rows = [
        row(Cell("a", "train", batch), seconds, 0.8, facts=facts, commit=commit)
        for batch, seconds, facts, commit in (
            (1, 0.1, HERE, "one"),
            (4, 0.2, HERE, "two"),
            (1, 0.4, LIMITED, "two"),
            (1, 0.2, THERE, "two"),
        )
    ]
    best = best_batches(rows)
    assert [entry["speedup"] for entry in best] == [8, 2, 4]
    assert [entry["commit"] for entry in best] == ["one, two", "two", "two"]
    text = tables(best, "the command")
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == [
        "### Nine 5, 2 cores, 512-bit vectors; JAX 0.1, PyTorch 2.1",
        "### Nine 5, 2 cores, 512-bit vectors limited to AVX2; JAX 0.1, PyTorch 2.1",
        "### Seven 3, 1 core, 256-bit vectors; JAX 0.1",
    ]
    assert "| a | train | 0.1 | 0.8 | 8 |" in text


def test_without_the_other_side_there_is_no_ratio():
    (ours,) = best_batches([row(Cell("a", "train", 1), 0.5, None, (300.0, None))])
    assert ours["speedup"] is None
    assert ours["ours_s"] == 0.5


@pytest.fixture
def measurements(monkeypatch):
    """Cells that were measured, by a stand-in that takes ever longer; commits count up."""
    taken = []

    def fake(cell, budget_s, isa):
        taken.append((cell, isa))
        return measured(cell, 0.1 * len(taken), 1.0)

    monkeypatch.setattr(grid, "measure", fake)
    monkeypatch.setattr(grid, "current_commit", lambda: f"commit {len(taken)}")
    return taken


def test_measured_cells_are_not_measured_again_here(tmp_path, measurements):
    first, second = (Cell("a", "train", batch) for batch in (1, 2))
    path = tmp_path / "grid.json"
    measure_all([first], path, HERE, 1.0)
    rows = measure_all([first, second], path, HERE, 1.0)
    assert measurements == [(first, "native"), (second, "native")]
    assert rows == json.loads(path.read_text())
    assert [(r["ours_s"], r["commit"]) for r in rows] == [(0.1, "commit 1"), (0.2, "commit 2")]


@pytest.mark.parametrize(
    "change", [{"processor": "x"}, {"vector_bits": 256}, {"isa": "avx2"}, {"jax": "0.2"}]
)
def test_another_machine_or_version_is_measured_beside(tmp_path, measurements, change):
    cell, path = Cell("a", "train"), tmp_path / "grid.json"
    (before,) = measure_all([cell], path, HERE, 1.0)
    (after,) = measure_all([cell], path, HERE | change, 1.0)
    assert json.loads(path.read_text()) == [before, after]
    assert (after["ours_s"], after["commit"]) == (0.2, "commit 2")


def test_again_measures_known_cells_in_their_place(tmp_path, measurements):
    one, two = Cell("a", "train"), Cell("b", "train")
    path = tmp_path / "grid.json"
    measure_all([one, two], path, HERE, 1.0)
    measure_all([one], path, HERE, 1.0, again=True)
    rows = json.loads(path.read_text())
    assert [(r["variant"], r["commit"]) for r in rows] == [("a", "commit 3"), ("b", "commit 2")]


def test_known_cells_are_taken_over_if_wanted(tmp_path, measurements):
    wanted, other = (row(Cell(name, "train"), 0.1, 1.0) for name in "ab")
    path = tmp_path / "scaling.json"
    assert measure_all([Cell("a", "train")], path, HERE, 1.0, known=[other, wanted]) == [wanted]
    assert json.loads(path.read_text()) == [wanted]


@pytest.mark.parametrize("content", ["{", "[3]", '[{"variant": "a"}]'])
def test_damaged_rows_are_named(tmp_path, content):
    path = tmp_path / "grid.json"
    path.write_text(content)
    with pytest.raises(UserError, match=r"grid\.json: not rows of the benchmark"):
        measure_all([Cell("a", "train")], path, HERE, 1.0)


def test_cells_are_those_asked_for():
    assert cells(["fc-2enc-1LSTM"], ["stream"], ["16"]) == [Cell("fc-2enc-1LSTM", "stream", 1)]
    assert cells(["conv-1enc-1LSTM"], ["train", "stream"], ["2", "16"]) == [
        Cell("conv-1enc-1LSTM", "train", 2),
        Cell("conv-1enc-1LSTM", "train", 16),
        Cell("conv-1enc-1LSTM", "stream", 1),
    ]


@pytest.mark.parametrize(
    "variants, phases, batches, named",
    [
        (["conv-1enc"], ["train"], ["1"], "--variants: unknown variant 'conv-1enc'"),
        (["conv-1enc-1LSTM"], ["test"], ["1"], "--phases: unknown test; known: train, stream"),
        (["conv-1enc-1LSTM"], ["train"], ["4", "0"], "--batches: expected numbers above 0, got 0"),
    ],
)
def test_wrong_lists_are_named(variants, phases, batches, named):
    with pytest.raises(UserError, match=named):
        cells(variants, phases, batches)


def test_growth_is_drawn(tmp_path):
    plot([row(cell, 0.1, 0.3) for cell in scaling_cells()], tmp_path / "scaling.png")
    assert (tmp_path / "scaling.png").read_bytes().startswith(b"\x89PNG")


def test_a_process_times_our_side():
    worker = measure.Worker("ours", 1, SMALL, "avx2")  # a limit that XLA didn't know would end it
    assert worker.facts["parameters"] == PARAMETERS["conv-2enc-1LSTM"][-1]
    assert worker.run() > 0
    worker.end()
    assert worker.facts["peak_mb"] > 50
    assert worker.facts["compilation_s"] > 0


def test_a_process_that_fails_is_named(capfd):
    with pytest.raises(UserError, match="the benchmark's ours process ended with status 1"):
        measure.Worker("ours", 1, dataclasses.replace(SMALL, size=7))
    assert "divisible" in capfd.readouterr().err


def test_the_command_needs_no_flags(monkeypatch):
    monkeypatch.setattr(program, "_main", lambda command: None)
    assert program.main([]) == 0
