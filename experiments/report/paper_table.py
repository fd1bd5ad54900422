"""Gathers the runs of a table of the paper into a small table that can be committed.

What is written, and how, is described in the program, `experiments.paper_table`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.configs.config import read_json
from experiments.configs.fields import flatten
from experiments.console.errors import UserError
from experiments.measure.floor import encoder_name
from experiments.measure.flow_scores import read_flow_scores
from experiments.report.learning_curves import Curve, read_curve
from experiments.report.results_table import training
from experiments.report.tables import Table
from experiments.run.folder import CONFIG_FILE, evaluated_runs, evaluation_file
from vstm.variants import get_variant


def read_floors(folder: Path) -> dict[str, float]:
    """Errors with the true flow by encoder, from the files of a folder.

    Raises:
      UserError: one is damaged.
    """
    floors = {}
    for path in sorted(folder.glob("*.json")):
        try:
            entry = json.loads(path.read_text())
            floors[entry["encoder"]] = entry["test_cross_entropy"]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}: not a floor ({error})") from error
    return floors


def rows(runs: Path, table: Table, floors: Mapping[str, float]) -> list[dict[str, Any]]:
    """A row for each finished run below a folder, by what is compared, sequences and seed.

    Args:
      runs: the folder.
      table: what to gather.
      floors: see `read_floors`; a column, if there is one.

    Raises:
      UserError: there is none, or one is damaged.
    """
    result = []
    for folder in evaluated_runs(runs, "test"):
        path = evaluation_file(folder, "test")
        try:
            evaluation = json.loads(path.read_text())
            config = flatten(read_json(folder / CONFIG_FILE))
            score = evaluation["model"][table.metric]
            paper = (evaluation["paper"] or {}).get(table.metric)
            row = {
                table.field: config[table.field],
                "seed": config["seed"],
                "sequences": evaluation["sequences_trained"],
                table.name: score,
                "paper": paper,
                "ratio": paper and score / paper,
            }
            if floors:
                row["floor"] = floors.get(encoder_name(get_variant(config["variant"])))
            row |= read_flow_scores(folder)
            row |= training(folder)
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}: not an evaluation ({error})") from error
        result.append(row)
    return sorted(result, key=lambda row: [row[name] for name in table.key])


def curves(runs: Path, table: Table) -> list[Curve]:
    """Validation scores of each finished run while it was trained."""
    return [
        read_curve(folder, f"validation/{table.metric}") for folder in evaluated_runs(runs, "test")
    ]
