"""Gathers the runs of a table of the paper into a small table that can be committed.

    python -m experiments.paper_table --table=2 --runs=runs/table2 \
        --output=experiments/results/table2 --command="bash experiments/sweeps/table2.sh"

Writes `results.json` (a row a run: what the table compares, seed, training sequences, the test
score, the paper's, their ratio; with --floors, what `experiments.true_flow_floor` left there for
the encoder; the scores of the flow; the device; the commit that gathered it), `results.md` (the
same, with command and machine), `curves.json` and `curves.png` (validation scores by training
sequences). What the output holds of runs that are elsewhere stays.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from absl import flags

from experiments import command_line
from experiments.config import flatten, read_json
from experiments.errors import UserError
from experiments.flow_scores import read_flow_scores
from experiments.learning_curves import Curve, keep_curves, plot_curves, read_curve
from experiments.results_table import publish, with_earlier
from experiments.run_folder import CONFIG_FILE, evaluated_runs, evaluation_file
from experiments.true_flow_floor import encoder_name
from vstm.variants import get_variant


@dataclass(frozen=True)
class Table:
    """What a table compares, and by which test score.

    Attributes:
      field: of the configuration.
      metric: of the evaluation.
      name: of the metric in the rows.
    """

    field: str
    metric: str
    name: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Fields of a row that tell runs apart."""
        return self.field, "sequences", "seed"


TABLES = {
    "2": Table("variant", "cross_entropy", "test_cross_entropy"),
    "3": Table("loss", "mean_squared_error", "test_l2"),
}


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
            row["device"] = evaluation.get("device")
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}: not an evaluation ({error})") from error
        result.append(row)
    return sorted(result, key=lambda row: [row[name] for name in table.key])


def curves(runs: Path, table: Table) -> list[Curve]:
    """Validation scores of each finished run while it was trained."""
    return [
        read_curve(folder, f"validation/{table.metric}") for folder in evaluated_runs(runs, "test")
    ]


def _main() -> None:
    output, runs, table = Path(_OUTPUT.value), Path(_RUNS.value), TABLES[_TABLE.value]
    floors = read_floors(Path(_FLOORS.value)) if _FLOORS.value else {}
    result = with_earlier(output, rows(runs, table, floors), table.key)
    publish(output, result, _COMMAND.value, f"Table {_TABLE.value}.")
    kept = keep_curves(output / "curves.json", curves(runs, table))
    plot_curves(kept, f"validation {table.metric}", output / "curves.png")


if __name__ == "__main__":
    _TABLE = flags.DEFINE_enum("table", None, list(TABLES), "Table of the paper.", required=True)
    _RUNS = flags.DEFINE_string("runs", None, "Folder of run folders.", required=True)
    _FLOORS = flags.DEFINE_string("floors", "", "Folder of floors with the true flow.")
    _OUTPUT = flags.DEFINE_string("output", None, "Folder of the results.", required=True)
    _COMMAND = flags.DEFINE_string("command", "", "Command that made the runs, to be quoted.")
    command_line.run(_main)
