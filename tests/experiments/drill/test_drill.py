"""The drill's table and its eyes; the drills themselves run in `experiments/drill.sh`."""

import json
import shutil

import pytest

from experiments.drill import __main__ as program
from experiments.drill import bench, drills
from experiments.drill.bench import Bench
from experiments.drill.damage import _flip
from experiments.drill.outcome import Outcome
from experiments.drill.program import Ended
from experiments.run.manifest import Manifest, write_manifest


@pytest.mark.parametrize(
    "ended, code, problem",
    [
        (Ended(0, "", ""), 0, None),
        (Ended(2, "", "warning: w\nerror: e\n"), 2, None),
        (Ended(2, "", "error: e\nerror: f\n"), 2, "more than a line: error: e\nerror: f\n"),
        (Ended(143, "", "Traceback"), 143, "more than a line: Traceback"),
        (Ended(-11, "", "x"), 2, "status -11, expected 2: x"),
        (Ended(None, "", ""), 0, "hung"),
    ],
)
def test_ends_that_are_not_as_expected(ended, code, problem):
    assert ended.other_than(code) == problem


@pytest.fixture
def made_bench(tmp_path, monkeypatch):
    """A bench whose run is two files and a checkpoint."""

    def made(folder):
        (folder / "checkpoints" / str(bench.UPDATES)).mkdir(parents=True)
        for name in bench.RESULTS:
            (folder / name).write_text('{"score": 1, "commit": "a"}')
        checkpoint = folder / "checkpoints" / str(bench.UPDATES)
        (checkpoint / "state").write_bytes(b"abc")
        write_manifest(checkpoint, Manifest({}, None, {"params": "digest"}))
        return finished

    finished = type("Finished", (), {"finish": lambda self: Ended(0, "", "")})()
    monkeypatch.setattr(Bench, "train", lambda self, folder, *more, **options: made(folder))
    return Bench(tmp_path, seed=0, seconds=60)


def test_what_differs_from_the_undisturbed_run_is_named(made_bench):
    folder = made_bench.copy()
    (folder / "eval_test.json").write_text('{"score": 1, "commit": "b"}')
    assert made_bench.difference(folder) is None
    (folder / "eval_test.json").write_text('{"score": 2, "commit": "a"}')
    assert made_bench.difference(folder) == "eval_test.json is another one"
    shutil.copy(made_bench.undisturbed / "eval_test.json", folder)
    (folder / "model.npz").write_text("other")
    assert made_bench.difference(folder) == "model.npz is another one"
    checkpoint = folder / "checkpoints" / str(bench.UPDATES)
    write_manifest(checkpoint, Manifest({}, None, {"params": "another"}))
    assert made_bench.difference(folder) == "the last checkpoint is another one"
    path, before = _flip(checkpoint, made_bench.chance)
    assert made_bench.difference(folder).endswith("not as it was written")
    path.write_bytes(before)
    assert made_bench.difference(folder) == "the last checkpoint is another one"


def test_losses_are_counted_and_quoted_and_end_with_status_1(
    made_bench, tmp_path, monkeypatch, capsys
):
    def one(where):
        outcome = Outcome("once")
        outcome.quote(f"error: {where.scratch}/run1: e\nerror: {where.scratch}/run1: e")
        outcome.count(None, None)
        return outcome

    def two(where):
        outcome = Outcome("twice", measured={"seconds": 0.5})
        outcome.count()
        outcome.count("other", None)
        return outcome

    monkeypatch.setattr(drills, "DRILLS", {"one": one, "two": two})
    monkeypatch.setattr(bench, "Bench", lambda scratch, seed, seconds: made_bench)
    assert program.main([f"--output={tmp_path / 'out'}", "--only=one"]) == 0
    assert program.main([f"--output={tmp_path / 'out'}"]) == 1
    rows = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [(row["times"], row["lost"], row["why"]) for row in rows] == [
        (1, 0, None),
        (2, 1, "other"),
    ]
    assert rows[0]["said"].count("run1: e") == 1
    assert rows[1]["measured"] == "seconds: 0.5"
    assert all(row["commit"] and row["device"] for row in rows)
    assert program.main([f"--output={tmp_path / 'out'}", "--only=three"]) == 2
    assert "--only=three: did you mean" in capsys.readouterr().err
