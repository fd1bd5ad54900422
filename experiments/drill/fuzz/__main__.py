"""Gives thousands of damaged files to every reader, and counts what becomes of them.

    python -m experiments.drill.fuzz --count=10000 [--seed=0] [--keep=DIR] [--readers=video,images]

A reader may accept a file or raise its documented error (OSError, ValueError or UserError) with the
file's name. Everything else is a fault: another exception, an error that names no file, a hang, a
growth of memory, an end of the process. Each input is read by a worker, which is killed when it
takes longer than ten seconds; the status is 1 where there was a fault.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from data.progress import Progress, say
from experiments.console.errors import UserError
from experiments.drill.fuzz.worker import FAULTS, OUTCOMES, Worker
from experiments.run import command_line

_FLAGS = flags.FlagValues()
_COUNT = flags.DEFINE_integer("count", 10_000, "Inputs of all readers.", 1, flag_values=_FLAGS)
_SEED = flags.DEFINE_integer("seed", 0, "Of the damages.", 0, flag_values=_FLAGS)
_KEEP = flags.DEFINE_string("keep", "", "Folder for what caused faults.", flag_values=_FLAGS)
_READERS = flags.DEFINE_list(
    "readers", [], "Names that begin so; all if empty.", flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> int:
    from experiments.drill.fuzz.readers import READERS

    names = [name for name in READERS if name.startswith(tuple(_READERS.value or [""]))]
    if not names:
        raise UserError(
            f"--readers={','.join(_READERS.value)}: expected some of {', '.join(READERS)}"
        )
    counts = fuzz(names, -(-_COUNT.value // len(names)), _SEED.value, _KEEP.value)
    print(table(counts))
    return int(any(count[fault] for count in counts.values() for fault in FAULTS))


def table(counts: dict[str, Counter[str]]) -> str:
    """A line a reader: its inputs and what became of them."""
    lines = [f"| reader | inputs | {' | '.join(OUTCOMES)} |", "|---" * (len(OUTCOMES) + 2) + "|"]
    for name, count in [*counts.items(), ("all", sum(counts.values(), Counter()))]:
        cells = [name, count.total(), *(count[outcome] for outcome in OUTCOMES)]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def fuzz(names: Sequence[str], count: int, seed: int, keep: str = "") -> dict[str, Counter[str]]:
    """Outcomes by reader.

    Args:
      names: of the readers.
      count: inputs of each.
      seed: of the damages; an input depends on nothing else than it, its reader and number.
      keep: folder into which inputs are copied that caused a fault; "" for none.
    """
    counts: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as place, _progress(len(names) * count) as progress:
        worker = Worker(Path(place))
        for name in names:
            counts[name] = Counter()
            for number in range(count):
                outcome, text, file = worker.read(name, number, seed)
                counts[name][outcome] += 1
                progress.advance(reader=name)
                if outcome in FAULTS:
                    say(f"{outcome}: {name}, input {number}: {text}")
                    if keep and file.is_file():
                        target = Path(keep) / f"{name.replace(' ', '_')}_{number}_{file.name}"
                        target.parent.mkdir(parents=True, exist_ok=True)
                        target.write_bytes(file.read_bytes())
        worker.end()
    return counts


def _progress(total: int) -> Progress:
    return Progress(total, unit="input", description="reading damaged files", leave=False)


if __name__ == "__main__":
    sys.exit(main())
