"""Gathers the evaluations of a folder of runs into a small table that can be committed.

    python -m experiments.tabulate --runs=runs/sweep --split=validation \
        --output=experiments/results/sweep --command="bash experiments/sweeps/sweep.sh"

Writes `results.json` (a row a run: the configuration fields in which the runs differ, training
sequences, the scores, those of copying the last frame, those of the flow where it was scored, the
commit that gathered it) and `results.md` (the same, with command and machine). Rows in the output
of runs that are elsewhere stay.
"""

import json
from pathlib import Path
from typing import Any

from absl import flags

from experiments import command_line
from experiments.config import flatten, read_json
from experiments.errors import UserError
from experiments.evaluate import SPLITS
from experiments.flow_scores import read_flow_scores
from experiments.results_table import publish, with_earlier
from experiments.run_folder import CONFIG_FILE, evaluation_file

_SCORES = ("cross_entropy", "mean_squared_error", "ssim", "psnr")


def rows(runs: Path, split: str) -> list[dict[str, Any]]:
    """A row for each evaluated run below a folder, in the order of their names.

    Raises:
      UserError: there is none.
    """
    folders = sorted(path.parent for path in runs.glob(f"*/{evaluation_file(Path(), split)}"))
    if not folders:
        raise UserError(f"{runs}: no run with an evaluation of {split}")
    configs = [flatten(read_json(folder / CONFIG_FILE)) for folder in folders]
    differing = [path for path in configs[0] if len({config[path] for config in configs}) > 1]
    table = []
    for folder, config in zip(folders, configs, strict=True):
        evaluation = json.loads(evaluation_file(folder, split).read_text())
        table.append(
            {"run": folder.name}
            | {path: config[path] for path in differing}
            | {"sequences": evaluation["sequences_trained"]}
            | {name: evaluation["model"][name] for name in _SCORES}
            | {f"copy_last_{name}": evaluation["copy_last"][name] for name in _SCORES[:2]}
            | read_flow_scores(folder)
        )
    return table


def _main() -> None:
    output = Path(_OUTPUT.value)
    table = with_earlier(output, rows(Path(_RUNS.value), _SPLIT.value), ("run",))
    publish(output, table, _COMMAND.value, f"Scores on {_SPLIT.value}.")


if __name__ == "__main__":
    _RUNS = flags.DEFINE_string("runs", None, "Folder of run folders.", required=True)
    _OUTPUT = flags.DEFINE_string("output", None, "Folder of the results.", required=True)
    _SPLIT = flags.DEFINE_enum("split", "validation", SPLITS, "Which evaluations to read.")
    _COMMAND = flags.DEFINE_string("command", "", "Command that made the runs, to be quoted.")
    command_line.run(_main)
