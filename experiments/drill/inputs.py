"""Damaged files for every reader, as a drill; see `experiments.drill.fuzz`."""

from experiments.drill.bench import Bench
from experiments.drill.outcome import Outcome
from experiments.drill.program import Program

COUNT = 1000


def inputs(bench: Bench) -> Outcome:
    """Gives damaged files to every reader; a fault of any is a loss."""
    outcome = Outcome(f"{COUNT} damaged files, for every reader")
    flags = [f"--count={COUNT}", f"--seed={bench.chance.randint(0, 10**6)}"]
    outcome.count(Program("experiments.drill.fuzz", flags, bench.scratch).finish().other_than(0))
    return outcome
