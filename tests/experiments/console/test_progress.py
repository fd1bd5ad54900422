import io
import sys

import pytest

from experiments.console.progress import Progress


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


def test_a_line_every_30_seconds_and_at_the_end(clock, capsys):
    with Progress(40, unit="frame", description="predicting", clock=clock) as progress:
        lines = []
        for second in range(1, 41):
            clock.now += 2
            progress.advance(1, loss=0.5 / second, update=second)
            lines += [(second, line) for line in capsys.readouterr().out.splitlines()]
    lines += [("end", line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        (15, "predicting: 15/40 frames, 0.5 frames/s, 50 s left, loss 0.03333, update 15"),
        (30, "predicting: 30/40 frames, 0.5 frames/s, 20 s left, loss 0.01667, update 30"),
        ("end", "predicting: 40/40 frames, 0.5 frames/s, in 80 s, loss 0.0125, update 40"),
    ]


def test_what_was_done_before_does_not_count_as_speed(clock, capsys):
    with Progress(
        6000, unit="sequence", description="training", initial=3000, clock=clock
    ) as progress:
        clock.now += 30
        progress.advance(120)
        line = "training: 3,120/6,000 sequences, 4 sequences/s, 12 min left\n"
        assert capsys.readouterr().out == line
        clock.now += 20
        progress.advance(5)  # an error, or a signal, ends it early
    line = "training: 3,125/6,000 sequences, 2.5 sequences/s, 19 min left\n"
    assert capsys.readouterr().out == line


def test_hours_and_nothing_done(clock, capsys):
    with Progress(1000, unit="update", description="fitting", clock=clock) as progress:
        clock.now += 100
        progress.advance(10)
    assert "0.1 updates/s, 2 h 45 min left" in capsys.readouterr().out
    with Progress(10, unit="update", description="fitting", clock=clock):
        pass
    assert capsys.readouterr().out == "fitting: 0/10 updates\n"


def test_short_steps_of_something_longer_leave_no_line(clock, capsys):
    for seconds, expected in ((29, 0), (31, 1)):
        with Progress(
            10, unit="sequence", description="validating", leave=False, clock=clock
        ) as progress:
            clock.now += seconds
            progress.advance(10)
        assert len(capsys.readouterr().out.splitlines()) == expected


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
