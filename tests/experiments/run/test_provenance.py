import json
import os
import subprocess
from datetime import UTC, datetime

import flax
import jax
import pytest

from experiments.console.errors import UserError
from experiments.run import provenance


def git(folder, *arguments):
    author = ("-c", "user.name=a", "-c", "user.email=a@b")
    command = ["git", "-C", str(folder), *author, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_commit_is_dirty_by_changes_of_code_but_not_of_results(tmp_path, monkeypatch):
    code, results = tmp_path / "experiments", tmp_path / "experiments" / "results"
    results.mkdir(parents=True)
    files = [code / "run" / "provenance.py", results / "results.json", tmp_path / "README.md"]
    files[0].parent.mkdir()
    for path in files:
        path.write_text("1")
    monkeypatch.setattr(provenance, "__file__", str(files[0]))
    assert provenance.current_commit() == "unknown"
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "x")
    name = git(tmp_path, "rev-parse", "--short", "HEAD")
    files[1].write_text("2")
    files[2].write_text("2")
    assert provenance.current_commit() == name
    files[0].write_text("2")
    assert provenance.current_commit() == f"{name}-dirty"


def test_a_copy_inside_another_repository_has_no_commit(tmp_path, monkeypatch):
    git(tmp_path, "init")
    git(tmp_path, "commit", "--allow-empty", "-m", "x")
    copy = tmp_path / "copy" / "experiments" / "run" / "provenance.py"
    copy.parent.mkdir(parents=True)
    monkeypatch.setattr(provenance, "__file__", str(copy))
    assert provenance.current_commit() == "unknown"


def test_each_process_that_trained_is_recorded(tmp_path, monkeypatch):
    assert provenance.read(tmp_path) == []
    assert provenance.trained_by(tmp_path) == {"trained_commit": None, "trained_device": None}
    for commit, step in (("a", 0), ("b", 30), ("b", 60), ("c", 30), ("d-dirty", 90)):
        monkeypatch.setattr(provenance, "current_commit", lambda commit=commit: commit)
        provenance.record(tmp_path, step, "float32")
    entries = provenance.read(tmp_path)
    assert {entry["precision"] for entry in entries} == {"float32"}
    # What b did from update 30 on was lost when c resumed there.
    assert [(entry["commit"], entry["step"]) for entry in entries] == [
        ("a", 0),
        ("c", 30),
        ("d-dirty", 90),
    ]
    assert provenance.trained_by(tmp_path) == {
        "trained_commit": "a, c, d-dirty",
        "trained_device": provenance.device(),
    }


def test_a_run_older_than_its_record_was_trained_by_something_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "current_commit", lambda: "a")
    provenance.record(tmp_path, 500, "float32")
    assert provenance.trained_by(tmp_path)["trained_commit"] == "unknown, a"


def test_entries_tell_versions_and_device_but_not_the_machines_name(tmp_path):
    provenance.record(tmp_path, 0, "float32")
    text = (tmp_path / "environment.json").read_text()
    (entry,) = json.loads(text)
    assert entry["versions"]["jax"] == jax.__version__
    assert entry["versions"]["flax"] == flax.__version__
    assert (entry["backend"], entry["num_devices"]) == ("cpu", jax.device_count())
    assert entry["float64"] is False
    age = datetime.now(UTC) - datetime.fromisoformat(entry["time"])
    assert abs(age.total_seconds()) < 60
    assert os.uname().nodename not in text


@pytest.mark.parametrize("content", ["{", "[3]", '[{"step": "0"}]', '[{"step": 0}]', "{}x"])
def test_damaged_record_is_named(tmp_path, content):
    (tmp_path / "environment.json").write_text(content)
    with pytest.raises(UserError, match=r"environment\.json: not a record"):
        provenance.record(tmp_path, 1, "bfloat16")
