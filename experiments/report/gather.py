"""From runs to a folder of results, the same way for each table.

Found files of the runs -> rows -> those that the folder holds of runs elsewhere beside them ->
`results.json` and `results.md`, and `curves.json` and its plot.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.configs.config import read_json
from experiments.configs.fields import flatten
from experiments.console.errors import UserError
from experiments.report import clips, evaluations, learning_curves, result_files
from experiments.report.learning_curves import keep_curves, plot_curves, read_curve
from experiments.report.merging import earlier_rows, with_earlier, with_earlier_shared
from experiments.report.provenance import Row
from experiments.report.results_table import joined, publish, quoted_command
from experiments.report.table import (
    Evaluations,
    Measurements,
    Predictions,
    ResultFile,
    RowSource,
    Table,
    TrainingErrors,
)
from experiments.run.folder import CONFIG_FILE

ROW_MAKERS: dict[type, Callable[[Any, Path, Sequence[Path]], list[Row]]] = {
    Evaluations: evaluations.rows,
    ResultFile: result_files.rows,
    Predictions: clips.predictions,
    Measurements: clips.measurements,
    TrainingErrors: learning_curves.rows,
}
"""By source: its rows, from the folder of runs and the files found below it."""


def gather(
    table: Table,
    runs: Path,
    output: Path,
    command: str,
    *,
    sequences: int | None = None,
    seed: int | None = None,
) -> None:
    """Fills a folder of results with what runs hold for a table.

    Args:
      table: one whose rows come from runs.
      runs: folder of run folders, or of predictions.
      output: the folder of results; made if need be.
      command: what made the runs, to be quoted; where rows are added to earlier ones, after what
        made those, and where there are none to add, not.
      sequences: length of the runs, in training sequences; None for any.
      seed: of the runs; None for any.

    Raises:
      UserError: no such table, no runs, or they or the earlier results are damaged.
    """
    if table.rows is None:
        raise UserError(f"{table.title}: not gathered from runs; its program writes the results")
    files = found(table.rows, runs, sequences, seed)
    rows = ROW_MAKERS[type(table.rows)](table.rows, runs, files)
    earlier = earlier_rows(output, table.key) if table.key else []
    if isinstance(table.rows, ResultFile):
        rows = with_earlier_shared(rows, earlier)
    elif table.key:
        rows = with_earlier(rows, earlier, table.key)
    if earlier:
        before = quoted_command(output)
        command = before if rows == earlier and before else joined(before, command)
    publish(output, rows, command, f"{table.title}.")
    if table.curves:
        curves = [read_curve(path.parent, table.curves.score) for path in files]
        kept = keep_curves(output / "curves.json", curves)
        plot_curves(kept, table.curves, output / table.curves.picture)


def found(source: RowSource, runs: Path, sequences: int | None, seed: int | None) -> list[Path]:
    """Files of runs below a folder, in the order of their paths.

    Args:
      source: which files.
      runs: the folder.
      sequences: length of the runs, None for any.
      seed: of the runs, None for any.

    Raises:
      UserError: there are none, or a configuration is damaged.
    """
    asked = {
        path: value
        for path, value in (("train.num_sequences", sequences), ("seed", seed))
        if value is not None
    }
    files = sorted(runs.glob(source.files))
    if asked:
        files = [path for path in files if _has(path.parent, asked)]
    if not files:
        conditions = " and ".join(f"{path}={value}" for path, value in asked.items())
        of_runs = f" of a run with {conditions}" if asked else ""
        raise UserError(f"{runs}: no {source.files} below it{of_runs}")
    return files


def _has(folder: Path, asked: Mapping[str, int]) -> bool:
    fields = flatten(read_json(folder / CONFIG_FILE))
    return all(fields[path] == value for path, value in asked.items())
