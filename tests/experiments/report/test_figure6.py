import numpy as np
import pytest
from small_run import small_config

from experiments.configs.config import resolve, to_json
from experiments.console.errors import UserError
from experiments.report.figure6 import comparable_runs, plot, rows, running_mean
from experiments.report.learning_curves import Curve, keep_curves


def test_running_mean_equals_a_loop_over_symmetric_windows():
    values = np.random.default_rng(0).uniform(size=20)
    expected = [
        np.mean(values[i - min(i, 19 - i, 2) : i + min(i, 19 - i, 2) + 1]) for i in range(20)
    ]
    np.testing.assert_allclose(running_mean(values, 5), expected, rtol=1e-12)


def test_running_mean_of_a_line_is_the_line():
    line = np.linspace(3.0, 1.0, 30)
    np.testing.assert_allclose(running_mean(line, 15), line, rtol=1e-12)


def test_rows_are_means_over_tenths(tmp_path):
    curve = Curve("a", 4, list(range(20, 420, 20)), [float(n // 2) for n in range(20)])
    assert rows([curve]) == [{"run": "a"} | {f"tenth_{n}": n - 1.0 for n in range(1, 11)}]
    plot([curve], tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_runs_of_one_length_and_seed_are_compared(tmp_path):
    for name, length, seed in (("b", 40, 0), ("a", 40, 0), ("longer", 80, 0), ("seed", 40, 1)):
        folder = tmp_path / name
        folder.mkdir()
        config = resolve(small_config(seed=seed, **{"train.num_sequences": length}))
        (folder / "config.json").write_text(to_json(config))
        (folder / "eval_test.json").write_text("{}")
    assert [folder.name for folder in comparable_runs(tmp_path, 40, 0)] == ["a", "b"]
    assert [folder.name for folder in comparable_runs(tmp_path, 40, 1)] == ["seed"]
    with pytest.raises(UserError, match="no finished run of 10 sequences and seed 0"):
        comparable_runs(tmp_path, 10, 0)


def test_curves_of_other_runs_stay(tmp_path):
    path = tmp_path / "curves.json"
    a, b = Curve("a", 4, [1, 2], [0.5, 0.25]), Curve("b", 2, [1], [0.5])
    assert keep_curves(path, [b]) == [b]
    assert keep_curves(path, [a]) == [a, b]
    longer = Curve("b", 2, [1, 2], [0.5, 0.125])
    assert keep_curves(path, [longer]) == [a, longer]


def test_damaged_curves_are_named(tmp_path):
    path = tmp_path / "curves.json"
    path.write_text('[{"label": "a"}]')
    with pytest.raises(UserError, match=r"curves\.json: not learning curves"):
        keep_curves(path, [])
