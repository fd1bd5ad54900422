"""Every reader, given some damaged files: they are read, or named by a documented error."""

import subprocess
import sys

import pytest

from experiments.drill.fuzz.__main__ import fuzz, main
from experiments.drill.fuzz.readers import READERS
from experiments.drill.fuzz.worker import FAULTS
from experiments.drill.program import ROOT

INPUTS_A_READER = 20


def test_damaged_files_are_read_or_named():
    counts = fuzz(list(READERS), INPUTS_A_READER, seed=0)
    faults = {name: {fault: count[fault] for fault in FAULTS} for name, count in counts.items()}
    assert faults == {name: dict.fromkeys(FAULTS, 0) for name in READERS}
    for name, count in counts.items():
        assert count.total() == INPUTS_A_READER
        assert count["documented"] > 0, name  # else nothing was damaged


@pytest.mark.parametrize("name", READERS)
def test_whole_files_are_read(tmp_path, name):
    reader = READERS[name]
    for path, content in reader.make(tmp_path).items():
        (tmp_path / path).write_bytes(content)
    for path, content in reader.make(tmp_path).items():
        reader.write(tmp_path / path, content)
        reader.read(tmp_path / path)


def test_what_becomes_of_inputs_is_counted():
    # As a program, whose workers find what they run only in another module than its own.
    command = [sys.executable, "-m", "experiments.drill.fuzz", "--count=3", "--readers=kitti"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "| kitti | 3 |" in ended.stdout
    assert "| all | 3 |" in ended.stdout


def test_an_unknown_reader_is_named(capsys):
    assert main(["--readers=none"]) == 2
    assert "--readers=none: expected some of digits, npz" in capsys.readouterr().err
