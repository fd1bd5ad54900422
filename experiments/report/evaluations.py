"""Gathers the evaluations of a folder of runs into a small table that can be committed.

What is written, and how, is described in the program, `experiments.tabulate`.
"""

import json
from pathlib import Path
from typing import Any

from experiments.configs import default
from experiments.configs.config import read_json, resolve
from experiments.configs.fields import flatten
from experiments.console.errors import UserError
from experiments.measure.flow_scores import read_flow_scores
from experiments.report.results_table import training
from experiments.run.folder import CONFIG_FILE, evaluated_runs, evaluation_file

_SCORES = ("cross_entropy", "mean_squared_error", "ssim", "psnr")
_COLUMNS = ("seed", "train.num_sequences")  # fields that every row tells
_UNTOLD = (*_COLUMNS, "recipe", "precision")  # told by the fields it set; of accelerators alone


def rows(runs: Path, split: str) -> list[dict[str, Any]]:
    """A row for each evaluated run below a folder, in the order of their names.

    Raises:
      UserError: there is none, or one is damaged.
    """
    defaults = flatten(resolve(default.get_config()))
    table = []
    for folder in evaluated_runs(runs, split):
        config = flatten(read_json(folder / CONFIG_FILE))
        path = evaluation_file(folder, split)
        try:
            evaluation = json.loads(path.read_text())
            table.append(
                {
                    "run": folder.name,
                    "settings": {
                        field: value
                        for field, value in config.items()
                        if value != defaults.get(field) and field not in _UNTOLD
                    },
                    "seed": config["seed"],
                    "sequences": evaluation["sequences_trained"],
                }
                | {name: evaluation["model"][name] for name in _SCORES}
                | {f"copy_last_{name}": evaluation["copy_last"][name] for name in _SCORES[:2]}
                | read_flow_scores(folder)
                | training(folder)
            )
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}: not an evaluation ({error})") from error
    return table
