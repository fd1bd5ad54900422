"""Weak scaling, with as many devices as a test has: one."""

import json

from small_run import run

from experiments.benchmark import weak_scaling

SMALL = ("--size=8", "--rounds=1", "--variant=conv-2enc-1LSTM")


def test_a_row_for_each_number_of_devices(tmp_path, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "")  # which the program adds to
    monkeypatch.setattr(weak_scaling, "TAU", 2)
    code, output, errors = run(
        "benchmark.weak_scaling", "--devices=1", *SMALL, f"--output={tmp_path}"
    )
    assert (code, errors) == (0, "")
    (row,) = json.loads((tmp_path / "results.json").read_text())
    assert row["devices"] == 1
    assert row["overhead"] == row["seconds"] / row["one_device_s"] - 1
    assert row["commit"] and row["device"]
    assert "share 1, size 8, variant conv-2enc-1LSTM" in output


def test_wrong_numbers_of_devices_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "")
    for number, message in (("0", "expected numbers above 0, got 0"), ("2", "there are 1")):
        flags = (f"--devices={number}", *SMALL, f"--output={tmp_path}")
        code, _, errors = run("benchmark.weak_scaling", *flags)
        assert (code, message in errors) == (2, True)
