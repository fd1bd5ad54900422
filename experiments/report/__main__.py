r"""One path from runs to the page: gathers a table's runs, or rewrites the page from all results.

    python -m experiments.report --table=table2 --runs=runs/table2 \
        --command="bash experiments/sweeps/table2.sh"
    python -m experiments.report

With --table, writes `results.json` (rows; experiments/report/tables.py says what they are for each
table), `results.md` (the same, with the command) and, where the table has learning curves,
`curves.json` and a plot. Rows and curves that the output holds of runs elsewhere stay, so that a
table can grow over machines. Files of `experiments.true_flow_floor` in the folder `floors` of the
runs give evaluations a column.

Without, writes RESULTS.md: of each folder of results its finding, a compact table, its pictures and
the command.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.console.errors import UserError
from experiments.report.tables import TABLES
from experiments.run import command_line

_FLAGS = flags.FlagValues()
_TABLE = flags.DEFINE_enum(
    "table",
    None,
    [name for name, table in TABLES.items() if table.rows],
    "Table to gather; none writes the page.",
    flag_values=_FLAGS,
)
_RESULTS = flags.DEFINE_string(
    "results", "experiments/results", "Folder of the folders of results.", flag_values=_FLAGS
)
_OUTPUT = flags.DEFINE_string(
    "output",
    None,
    "Folder of the table's results, below --results if not given; or the page, RESULTS.md.",
    flag_values=_FLAGS,
)
_RUNS = flags.DEFINE_string(
    "runs", None, "Folder of run folders, or of predictions.", flag_values=_FLAGS
)
_SEQUENCES = flags.DEFINE_integer(
    "sequences", None, "Gather runs of this length alone.", flag_values=_FLAGS
)
_SEED = flags.DEFINE_integer("seed", None, "Gather runs of this seed alone.", flag_values=_FLAGS)
_COMMAND = flags.DEFINE_string(
    "command", None, "Command that made the runs, to be quoted.", flag_values=_FLAGS
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program and gives its status; see `command_line.run`."""
    return command_line.run(_main, _FLAGS, __doc__, argv)


def _main() -> None:
    for flag in (_RUNS, _SEQUENCES, _SEED, _COMMAND):
        if _TABLE.value is None and flag.value is not None:
            raise UserError(f"--{flag.name}: is for gathering a --table")
    if _TABLE.value is None:
        _write_page(Path(_OUTPUT.value or "RESULTS.md"))
    elif _RUNS.value is None:
        raise UserError("--runs: required with --table; --help shows all flags")
    else:
        _gather(_TABLE.value, _RUNS.value)


def _gather(name: str, runs: str) -> None:
    from experiments.report.gather import gather

    gather(
        TABLES[name],
        Path(runs),
        Path(_OUTPUT.value or f"{_RESULTS.value}/{name}"),
        _COMMAND.value or f"python -m experiments.report --table={name} --runs={runs}",
        sequences=_SEQUENCES.value,
        seed=_SEED.value,
    )


def _write_page(page: Path) -> None:
    from experiments.report.page import report
    from experiments.run.results import write_file

    write_file(page, report(Path(_RESULTS.value), page))
    print(f"written: {page}")


if __name__ == "__main__":
    sys.exit(main())
