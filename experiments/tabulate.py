"""Gathers the evaluations of a folder of runs into a small table that can be committed.

    python -m experiments.tabulate --runs=runs/sweep --split=validation \
        --output=experiments/results/sweep --command="bash experiments/sweeps/sweep.sh"

Writes `results.json` (a row a run: the configuration fields that differ from their defaults, seed,
training sequences, the scores, those of copying the last frame, those of the flow where it was
scored, device and commit of the training) and `results.md` (the same, with the command). Rows in
the output of runs that are elsewhere stay.
"""

from pathlib import Path

from absl import flags

from experiments.measure.evaluation import SPLITS
from experiments.run import command_line


def _main() -> None:
    from experiments.report.evaluations import rows
    from experiments.report.results_table import publish, with_earlier

    output = Path(_OUTPUT.value)
    table = with_earlier(output, rows(Path(_RUNS.value), _SPLIT.value), ("run",))
    subject = f"Scores on {_SPLIT.value}; settings are fields that differ from their defaults."
    publish(output, table, _COMMAND.value, subject)


if __name__ == "__main__":
    _RUNS = flags.DEFINE_string("runs", None, "Folder of run folders.", required=True)
    _OUTPUT = flags.DEFINE_string("output", None, "Folder of the results.", required=True)
    _SPLIT = flags.DEFINE_enum("split", "validation", SPLITS, "Which evaluations to read.")
    _COMMAND = flags.DEFINE_string("command", "", "Command that made the runs, to be quoted.")
    command_line.run(_main)
