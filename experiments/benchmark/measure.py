"""Measures the two sides of a cell in turns, each in a process of its own."""

import dataclasses
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

from experiments.benchmark.cells import SIDES, Cell
from experiments.benchmark.machine import limited
from experiments.console.errors import UserError
from experiments.console.runtime import with_settings

MIN_ROUNDS, MAX_ROUNDS = 3, 100
PAUSE_S = 0.5  # OpenMP's threads spin for 0.2 s after their work, on cores that others need


class Worker:
    """One side of a cell, in a process that was given some of the cores.

    Attributes:
      side: `ours` or `torch`.
      cores: how many.
      facts: what the process said of itself.
      seconds: what the timed runs took.
    """

    def __init__(self, side: str, cores: int, cell: Cell, isa: str = "native"):
        self.side, self.cores = side, cores
        arguments = [side, str(cores), json.dumps(dataclasses.asdict(cell))]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "experiments.benchmark.worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=limited(with_settings(os.environ), isa) | {"JAX_ENABLE_COMPILATION_CACHE": "0"},
        )
        self.facts = self._read()
        self.seconds: list[float] = []

    def run(self) -> float:
        """Times one run, once the other side's threads sleep."""
        assert self._process.stdin is not None
        time.sleep(PAUSE_S)
        self._process.stdin.write("run\n")
        self._process.stdin.flush()
        self.seconds.append(self._read()["seconds"])
        return self.seconds[-1]

    def end(self) -> None:
        """Ends the process and adds its peak memory to the facts."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self.facts |= self._read()
        self._process.wait()
        self._process.stdout.close()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.stdin.close()
            self._process.stdout.close()
            status = self._process.wait()
            raise UserError(f"the benchmark's {self.side} process ended with status {status}")
        return json.loads(line)


def measure(cell: Cell, budget_s: float, isa: str = "native") -> dict[str, Any]:
    """Times the sides of a cell, in turns.

    Training takes all cores. Streaming first runs with one core and with all; each side keeps the
    better setting.

    Args:
      cell: what to measure.
      isa: see `experiments.benchmark.machine.limited`.
      budget_s: seconds after which no further round starts, beyond the least number of rounds.

    Returns:
      The cell's fields; of each side, seconds per sequence (`train`) or frame and sequence
      (`stream`) as median, lowest and highest, cores, peak memory; our compilation time; the
      ratio of the medians. PyTorch's are None where it isn't installed.

    Raises:
      UserError: a process failed, or the sides differ in their number of parameters.
    """
    installed = importlib.util.find_spec("torch") is not None
    workers = [best_worker(side, cell, isa) for side in SIDES[: 1 + installed]]
    parameters = {worker.facts["parameters"] for worker in workers}
    if len(parameters) != 1:
        raise UserError(f"{cell}: the sides have {parameters} parameters")
    start, rounds = time.monotonic(), 0
    while rounds < MIN_ROUNDS or (rounds < MAX_ROUNDS and time.monotonic() - start < budget_s):
        for worker in workers:
            worker.run()
        rounds += 1
    row: dict[str, Any] = dataclasses.asdict(cell) | {"rounds": rounds}
    for worker in workers:
        worker.end()
        seconds = [value / cell.batch for value in worker.seconds[-rounds:]]
        row |= {
            f"{worker.side}_s": statistics.median(seconds),
            f"{worker.side}_lowest_s": min(seconds),
            f"{worker.side}_highest_s": max(seconds),
            f"{worker.side}_cores": worker.cores,
            f"{worker.side}_peak_mb": worker.facts["peak_mb"],
        }
    row["ours_compilation_s"] = workers[0].facts["compilation_s"]
    row["device"] = workers[0].facts["device"]
    if installed:
        row["speedup"] = row["torch_s"] / row["ours_s"]
    else:
        row |= dict.fromkeys(("torch_s", "torch_cores", "torch_peak_mb", "speedup"))
    return row


def best_worker(side: str, cell: Cell, isa: str) -> Worker:
    """A running worker with all cores, or for a stream with one, if it is faster so."""
    all_cores = len(os.sched_getaffinity(0))
    best = Worker(side, all_cores, cell, isa)
    if all_cores == 1 or cell.phase == "train":
        return best
    other = Worker(side, 1, cell, isa)
    times = {worker: worker.run() for worker in (best, other)}
    if times[other] < times[best]:
        best, other = other, best
    other.end()
    return best
