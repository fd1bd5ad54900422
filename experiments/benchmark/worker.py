"""A process that runs one side of one cell on request of `experiments.benchmark.measure`.

    python -m experiments.benchmark.worker SIDE CORES CELL_AS_JSON

Answers one JSON object per line: first what was prepared, then for each line of the standard input
the seconds that an update or a frame took, at the end of the input the peak memory. The first run
of a turn isn't kept: while a process idles, caches go cold, and a virtual machine's host may take
back the memory that it freed, which costs the next update up to half of its time.
"""

import importlib
import json
import os
import resource
import sys
import time

from experiments.benchmark.cells import Cell

FRAMES_A_RUN = 20  # of a stream


def main(side: str, num_cores: int, cell: Cell) -> None:
    """Serves until the standard input ends."""
    # Before JAX or PyTorch start their threads: both take as many as there are cores.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:num_cores])
    module = importlib.import_module(
        {"ours": "experiments.benchmark.ours", "torch": "experiments.benchmark.torch_side"}[side]
    )
    run, compilation, num_parameters = module.prepare(cell)
    run()  # the first run sets up buffers
    _answer(
        compilation_s=compilation,
        parameters=num_parameters,
        device=module.device(),
    )
    repeats = FRAMES_A_RUN if cell.phase == "stream" else 1

    def timed_run() -> float:
        start = time.perf_counter()
        for _ in range(repeats):
            run()
        return (time.perf_counter() - start) / repeats

    for _ in sys.stdin:
        timed_run()
        _answer(seconds=timed_run())
    peak = module.peak_device_bytes()
    if peak is None:
        peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _answer(peak_mb=peak / 2**20)


def _answer(**values: object) -> None:
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Cell(**json.loads(sys.argv[3])))
