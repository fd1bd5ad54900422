"""SIGTERM and Ctrl-C, two processes in a folder, and parameters that become NaN."""

import math
import re
import signal
from functools import partial
from operator import methodcaller

from experiments.drill.bench import Bench, logged, losses, saved
from experiments.drill.outcome import Outcome
from experiments.drill.program import Program

DIVERGING = ("--config.loss=intensity", "--config.optimizer.learning_rate=1e30")
ROUNDING = 1e-4  # relative, after sixty updates
ENOUGH = "--config.train.checkpoint_every_steps=1"


def stops(bench: Bench) -> Outcome:
    """Stops a run by both signals, at random updates."""
    outcome, folder = Outcome("SIGTERM and Ctrl-C at random updates of a run"), bench.new_folder()
    for number, update in ((signal.SIGTERM, 12), (signal.SIGINT, 24), (signal.SIGTERM, 40)):
        moment = update + bench.chance.randint(0, 8)
        ended = bench.disturb(folder, moment, methodcaller("signal", number))
        told = None if saved(folder) >= moment else f"stopped at {moment}, saved {saved(folder)}"
        outcome.count(ended.other_than(128 + number), told)
        outcome.quote(ended.errors)
    problem = bench.goes_on(folder)
    outcome.lost += bool(problem)
    outcome.why += [problem] if problem else []
    return outcome


def two_runs(bench: Bench) -> Outcome:
    """Starts the same run a second time, while the first one trains."""
    outcome, folder = Outcome("the same command twice at once"), bench.new_folder()

    def start_again(first: Program) -> None:
        first.signal(signal.SIGSTOP)  # or it might end before the second one begins
        second = bench.train(folder).finish()
        first.signal(signal.SIGCONT)
        outcome.count(second.other_than(2))
        outcome.quote(second.errors)

    ended = bench.disturb(folder, 2, start_again)
    outcome.count(ended.other_than(0), bench.difference(folder))
    return outcome


def not_finite(bench: Bench) -> Outcome:
    """Trains at a rate at which parameters overflow, saving after each update."""
    outcome, folder = Outcome("a learning rate that makes parameters infinite"), bench.new_folder()
    ended = bench.train(folder, *DIVERGING, ENOUGH).finish()
    outcome.quote(ended.errors)
    named = re.search(r"the last checkpoint is of update (\d+)", ended.errors)
    last = int(named[1]) if named else 0
    outcome.count(
        ended.other_than(2),
        None if last == saved(folder) else f"named update {last}, saved is {saved(folder)}",
    )
    if last:
        flags = [f"--workdir={folder}"]  # reads the checkpoint, and refuses one that isn't finite
        scored = Program("experiments.evaluate", flags, bench.scratch).finish()
        outcome.count("not finite" if "not finite" in scored.errors else None)
    return outcome


def other_devices(bench: Bench) -> Outcome:
    """Continues a run on a machine with two devices, and again on one with one."""
    outcome, folder = Outcome("continued with two devices, and with one again"), bench.new_folder()

    def reached(update: int) -> bool:
        return logged(folder) >= update

    for devices, update in ((1, 12), (2, 36), (1, None)):
        flags = f"--xla_force_host_platform_device_count={devices}"
        program = bench.train(folder, XLA_FLAGS=flags)
        if update is not None:
            program.wait_until(partial(reached, update + bench.chance.randint(0, 8)))
            program.signal(signal.SIGTERM)
        ended = program.finish()
        outcome.count(ended.other_than(0 if update is None else 128 + signal.SIGTERM))
        outcome.quote(ended.errors)
    ours, expected = losses(folder), losses(bench.undisturbed)
    apart = max(abs(ours.get(n, math.inf) / expected[n] - 1) for n in expected)
    outcome.measured["largest relative difference of an update's loss"] = apart
    if apart > ROUNDING:
        outcome.lost += 1
        outcome.why.append(f"a loss differs by {apart:.1e} from that of one device")
    return outcome
