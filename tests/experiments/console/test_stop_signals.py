"""Signals during a long call, which lets no handler of Python run, as XLA's compiler."""

import os
import signal
import subprocess
import sys
import time

import pytest
from small_run import ROOT

from experiments.console.stop_signals import StopSignals, ending_at_once

CALL = "hashlib.pbkdf2_hmac('sha256', b'', b'', 60_000_000)"  # about half a minute
PATIENCE = 10  # seconds, well below that


def started(code):
    """A process that has printed `ready`."""
    code = f"import hashlib\nfrom experiments.console.stop_signals import *\n{code}"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.2)  # into the call
    return process


def finish(process):
    _, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_program_ends_at_once(number):
    process = started(f"with ending_at_once():\n print('ready', flush=True)\n {CALL}")
    process.send_signal(number)
    assert finish(process) == (128 + number, f"stopped by {number.name}\n")


def test_a_program_cleans_up_where_it_can():
    process = started(
        "import time\n"
        "with ending_at_once():\n"
        " try:\n"
        "  print('ready', flush=True)\n"
        "  time.sleep(60)\n"
        " finally:\n"
        "  sys.stderr.write('cleaned up\\n')"
    )
    process.send_signal(signal.SIGTERM)
    code, errors = finish(process)
    assert code == 128 + signal.SIGTERM
    assert sorted(errors.splitlines()) == ["cleaned up", "stopped by SIGTERM"]


def test_training_says_at_once_that_it_stops_and_the_second_signal_ends_it():
    process = started(f"with StopSignals():\n print('ready', flush=True)\n {CALL}")
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline() == "stopping after this update; again to stop at once\n"
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert finish(process) == (128 + signal.SIGINT, "stopped by SIGINT\n")


def test_the_first_signal_ends_it_while_there_is_nothing_to_save():
    process = started(
        f"with StopSignals() as stop, stop.ending_at_once():\n print('ready', flush=True)\n {CALL}"
    )
    process.send_signal(signal.SIGTERM)
    assert finish(process) == (128 + signal.SIGTERM, "stopped by SIGTERM\n")


def test_a_signal_is_noted_and_handlers_come_back(capfd):
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    with ending_at_once():
        outer = signal.getsignal(signal.SIGTERM)
        with StopSignals() as stop:
            assert stop.received is None
            os.kill(os.getpid(), signal.SIGTERM)
            assert stop.received == signal.SIGTERM
        assert signal.getsignal(signal.SIGTERM) is outer
        with pytest.raises(SystemExit, match="143"):
            os.kill(os.getpid(), signal.SIGTERM)
    assert {number: signal.getsignal(number) for number in before} == before
    assert signal.set_wakeup_fd(-1) == -1
    lines = capfd.readouterr().err.splitlines()
    assert lines == ["stopping after this update; again to stop at once", "stopped by SIGTERM"]
