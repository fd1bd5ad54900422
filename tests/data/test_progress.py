import io
import sys
import time

import pytest

from data import progress as module
from data.progress import Progress, still_at_it


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def often(monkeypatch):
    """Lines come every hundredth of a second, not every half minute."""
    monkeypatch.setattr(module, "SECONDS_A_LINE", 0.01)


def wait_for_lines(capsys, count):
    """Prints of another thread, of which at least so many are waited for."""
    lines, patience = [], time.monotonic() + 30
    while len(lines) < count and time.monotonic() < patience:
        time.sleep(0.01)
        lines += capsys.readouterr().out.splitlines()
    return lines


def test_a_line_tells_speed_time_left_and_values(clock, capsys):
    with Progress(40, unit="frame", description="predicting", clock=clock) as progress:
        lines = []
        for number in range(1, 41):
            clock.now += 2
            progress.advance(1, loss=0.5 / number, update=number)
            lines.append(progress.line())
        assert capsys.readouterr().out == ""
    assert lines[14] == "predicting: 15/40 frames, 0.5 frames/s, 50 s left, loss 0.03333, update 15"
    end = "predicting: 40/40 frames, 0.5 frames/s, in 80 s, loss 0.0125, update 40"
    assert lines[-1] == end
    assert capsys.readouterr().out.splitlines() == [end]


def test_what_was_done_before_does_not_count_as_speed(clock, capsys):
    with Progress(
        6000, unit="sequence", description="training", initial=3000, clock=clock
    ) as progress:
        clock.now += 30
        progress.advance(120)
        assert progress.line() == "training: 3,120/6,000 sequences, 4 sequences/s, 12 min left"
        clock.now += 20
        progress.advance(5)  # an error, or a signal, ends it early
    line = "training: 3,125/6,000 sequences, 2.5 sequences/s, 19 min left\n"
    assert capsys.readouterr().out == line


def test_hours_and_nothing_done(clock, capsys):
    with Progress(1000, unit="update", description="fitting", clock=clock) as progress:
        clock.now += 100
        progress.advance(10)
        assert "0.1 updates/s, 2 h 45 min left" in progress.line()
    capsys.readouterr()
    with Progress(10, unit="update", description="fitting", clock=clock):
        pass
    assert capsys.readouterr().out == "fitting: 0/10 updates\n"


def test_lines_come_while_one_unit_takes_long(often, clock, capsys):
    with Progress(10, unit="clip", description="preparing", clock=clock):
        lines = wait_for_lines(capsys, 3)
    assert set(lines) == {"preparing: 0/10 clips"}


def test_a_task_within_another_prints_alone(often, clock, capsys):
    with Progress(10, unit="update", description="training", clock=clock):
        with Progress(5, unit="sequence", description="validating", clock=clock):
            wait_for_lines(capsys, 1)  # the outer one's last may be among them
            inner = wait_for_lines(capsys, 5)
        capsys.readouterr()
        outer = wait_for_lines(capsys, 3)
    assert set(inner) == {"validating: 0/5 sequences"}
    assert set(outer) == {"training: 0/10 updates"}


def test_short_steps_of_something_longer_leave_no_line(clock, capsys):
    with Progress(10, unit="sequence", description="validating", leave=False, clock=clock) as short:
        short.advance(10)
    assert capsys.readouterr().out == ""


def test_longer_ones_have_a_line_at_their_end(often, clock, capsys):
    with Progress(10, unit="sequence", description="validating", leave=False, clock=clock) as long:
        wait_for_lines(capsys, 1)
        clock.now += 5
        long.advance(10)
        end = long.line()
        wait_for_lines(capsys, 2)
    # As it was printed before, it isn't again.
    assert end == "validating: 10/10 sequences, 2 sequences/s, in 5 s"
    assert set(capsys.readouterr().out.splitlines()) <= {end}


def test_what_cannot_be_counted_says_that_it_goes_on(often, capsys):
    with still_at_it("listing the clips"):
        lines = wait_for_lines(capsys, 4)
    assert lines[0] == "listing the clips ..."
    assert set(lines[1:]) == {"listing the clips: 0 s so far"}


@pytest.mark.parametrize("log", [False, True])
def test_a_terminal_shows_a_bar_with_the_values_and_a_log_beside_it_the_lines(
    clock, monkeypatch, log
):
    output, errors = io.StringIO() if log else Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.setattr(sys, "stderr", errors)
    with Progress(4, unit="frame", description="predicting", clock=clock) as progress:
        clock.now += 30
        progress.advance(4, loss=0.25)
    assert "100%" in errors.getvalue()
    assert "4/4" in errors.getvalue()
    assert "loss=0.25" in errors.getvalue()
    assert output.getvalue().count("predicting: 4/4 frames") == log
