"""Gathers all results into one page.

    python -m experiments.report [--results=experiments/results] [--output=RESULTS.md]

For every folder of results: its table with the circumstances as they were written, a table of means
and standard deviations where several seeds ran, and its pictures.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.run import command_line

_FLAGS = flags.FlagValues()
_RESULTS = flags.DEFINE_string(
    "results", "experiments/results", "Folder of the results.", flag_values=_FLAGS
)
_OUTPUT = flags.DEFINE_string("output", "RESULTS.md", "The page.", flag_values=_FLAGS)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> None:
    from experiments.report.page import report
    from experiments.run.folder import write_file

    page = Path(_OUTPUT.value)
    text = report(Path(_RESULTS.value), page)
    write_file(page, text)
    print(f"written: {page}")


if __name__ == "__main__":
    sys.exit(main())
