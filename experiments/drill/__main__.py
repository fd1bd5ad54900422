"""Does to a small run what may happen to a long one, and tells what was lost.

    python -m experiments.drill --minutes=10 --output=experiments/results/drill

Kills, signals, full disks, folders that are moved or removed, damaged checkpoints, NaN: after each,
the same command is given again, and the run's end compared, bit for bit, with that of a run that
was left alone. Drills for which no time is left are not run, and named; the kills, the last of
them, have the time that is left. Writes `results.json` and `results.md`, a row a drill; the status
is 1 where something was lost.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.console.errors import UserError, nearest
from experiments.run import command_line

_FLAGS = flags.FlagValues()
_MINUTES = flags.DEFINE_float(
    "minutes", 10.0, "Time that all drills may take.", lower_bound=1.0, flag_values=_FLAGS
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder of the results.", required=True, flag_values=_FLAGS
)
_SEED = flags.DEFINE_integer("seed", 0, "Of the moments.", flag_values=_FLAGS)
_ONLY = flags.DEFINE_list("only", [], "Names of drills; empty: all.", flag_values=_FLAGS)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> int:
    from data.progress import say
    from experiments.drill.bench import Bench
    from experiments.drill.drills import DRILLS
    from experiments.report.provenance import Row
    from experiments.report.results_table import publish
    from experiments.run.provenance import current_commit, device

    for name in _ONLY.value:
        if name not in DRILLS:
            raise UserError(f"--only={name}: {nearest(name, DRILLS)}")
    names = _ONLY.value or list(DRILLS)
    commit, scratch = current_commit(), Path(tempfile.mkdtemp(prefix="drill-"))
    rows: list[Row] = []
    skipped: list[str] = []
    try:
        bench = Bench(scratch, _SEED.value, 60 * _MINUTES.value)
        say(f"an undisturbed run takes {bench.seconds:.1f} s")
        for name in names:
            if bench.left() < 3 * bench.seconds:
                skipped.append(name)
                continue
            start = time.monotonic()
            outcome = DRILLS[name](bench)
            outcome.said = [line.replace(f"{scratch}/", "") for line in outcome.said]
            outcome.why = [line.replace(f"{scratch}/", "") for line in outcome.why]
            row = outcome.row(name, time.monotonic() - start)
            say(f"{name}: {row['times']} faults, {row['lost']} lost, {row['seconds']} s")
            for why in outcome.why:
                say(f"  {why}")
            rows.append(row)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if not rows:
        raise UserError(f"--minutes={_MINUTES.value}: no time for a drill; give more")
    only = f" ONLY='{','.join(_ONLY.value)}'" if _ONLY.value else ""
    command = f"MINUTES={_MINUTES.value:g}{only} bash experiments/drill.sh"
    subject = f"Not run, for want of time: {', '.join(skipped)}." if skipped else ""
    made_by = {"device": device(), "commit": commit}  # starts JAX's threads, so not before a fork
    publish(Path(_OUTPUT.value), [row | made_by for row in rows], command, subject)
    return 1 if any(row["lost"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
