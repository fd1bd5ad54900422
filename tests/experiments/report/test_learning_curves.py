import json

import numpy as np
import pytest
from made_runs import made_run

from experiments.console.errors import UserError
from experiments.report.learning_curves import (
    Curve,
    keep_curves,
    plot_curves,
    read_curve,
    running_mean,
    tenths,
)
from experiments.report.table import Curves


def test_running_mean_equals_a_loop_over_symmetric_windows():
    values = np.random.default_rng(0).uniform(size=20)
    expected = [
        np.mean(values[i - min(i, 19 - i, 2) : i + min(i, 19 - i, 2) + 1]) for i in range(20)
    ]
    np.testing.assert_allclose(running_mean(values, 5), expected, rtol=1e-12)


def test_running_mean_of_a_line_is_the_line():
    line = np.linspace(3.0, 1.0, 30)
    np.testing.assert_allclose(running_mean(line, 15), line, rtol=1e-12)
    np.testing.assert_allclose(running_mean(line, 1), line, rtol=1e-12)


def test_rows_are_means_over_tenths():
    curve = Curve("a", 4, list(range(20, 420, 20)), [float(n // 2) for n in range(20)])
    assert tenths(curve) == {"run": "a"} | {f"tenth_{n}": n - 1.0 for n in range(1, 11)}


@pytest.mark.parametrize("by, last", [("sequences", 80), ("updates", 40)])
def test_curves_keep_the_later_of_two_entries_and_are_plotted(tmp_path, monkeypatch, by, last):
    made_run(tmp_path / "x", 0.06)
    lines = [(10, "train/x", 5.0), (20, "x", 0.5), (40, "x", 0.4), (30, "x", 0.45), (40, "x", 0.3)]
    text = [json.dumps({"step": step, name: value}) for step, name, value in lines]
    (tmp_path / "x" / "metrics.jsonl").write_text("\n".join(text))
    curve = read_curve(tmp_path / "x", "x")
    assert (curve.batch_size, curve.updates) == (2, [20, 30, 40])
    assert curve.values == [0.5, 0.45, 0.3]

    drawn = []
    monkeypatch.setattr(
        "experiments.report.learning_curves.write_figure",
        lambda figure, path, dpi: drawn.append(figure.axes[0]),
    )
    plot_curves([curve], Curves("x", "error", window=3, by=by), tmp_path / "x.png")
    (panel,) = drawn
    places, values = panel.lines[0].get_data()
    assert (places[-1], panel.get_xlabel().split()[-1]) == (last, by)
    np.testing.assert_allclose(values, [0.5, 1.25 / 3, 0.3])


def test_an_update_that_was_not_finite_is_passed_over(tmp_path):
    made_run(tmp_path / "x", 0.06)
    metrics = tmp_path / "x" / "metrics.jsonl"
    before = read_curve(tmp_path / "x", "train/cross_entropy")
    added = {"step": 1_000, "train/cross_entropy": None, "train/learning_rate": 0.1}
    metrics.write_text(metrics.read_text() + json.dumps(added) + "\n")
    assert read_curve(tmp_path / "x", "train/cross_entropy") == before


def test_curves_of_other_runs_stay(tmp_path):
    path = tmp_path / "curves.json"
    a, b = Curve("a", 4, [1, 2], [0.5, 0.25]), Curve("b", 2, [1], [0.5])
    assert keep_curves(path, [b]) == [b]
    assert keep_curves(path, [a]) == [a, b]
    longer = Curve("b", 2, [1, 2], [0.5, 0.125])
    assert keep_curves(path, [longer]) == [a, longer]


def test_damaged_curves_and_metrics_are_named(tmp_path):
    path = tmp_path / "curves.json"
    path.write_text('[{"label": "a"}]')
    with pytest.raises(UserError, match=r"curves\.json: not learning curves"):
        keep_curves(path, [])
    made_run(tmp_path / "x", 0.06)
    (tmp_path / "x" / "metrics.jsonl").write_text("{")
    with pytest.raises(UserError, match=r"metrics.jsonl: not the metrics of a run"):
        read_curve(tmp_path / "x", "validation/cross_entropy")
