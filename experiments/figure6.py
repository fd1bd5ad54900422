"""Figure 6: the training error of each variant by updates, from the runs of Table 2.

    python -m experiments.figure6 --runs=runs/table2 --output=experiments/results/figure6

Writes `figure6.png`, the logged cross-entropy as a running mean, and `results.json` and
`results.md`, its means over tenths of each run.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from absl import flags

from experiments import command_line
from experiments.config import read_json
from experiments.errors import UserError
from experiments.learning_curves import Curve, read_curve
from experiments.paper_table import finished
from experiments.results_table import publish
from experiments.run_folder import CONFIG_FILE

WINDOW = 15  # logged updates of a running mean
NUM_TENTHS = 10


def running_mean(values: Sequence[float], window: int) -> np.ndarray:
    """Mean of each value and of up to window - 1 before it."""
    sums = np.cumsum(np.concatenate([[0.0], values]))
    last = np.arange(1, len(values) + 1)
    first = np.maximum(0, last - window)
    return (sums[last] - sums[first]) / (last - first)


def rows(curves: Sequence[Curve]) -> list[dict[str, Any]]:
    """A row a run: mean error in each tenth of its updates."""
    table = []
    for curve in curves:
        parts = np.array_split(np.asarray(curve.values), NUM_TENTHS)
        means = {f"tenth_{n}": float(part.mean()) for n, part in enumerate(parts, 1) if len(part)}
        table.append({"run": curve.label} | means)
    return table


def plot(curves: Sequence[Curve], batch_sizes: Sequence[int], path: Path) -> None:
    """Writes the picture."""
    figure, panel = plt.subplots(figsize=(8, 5), constrained_layout=True)
    for curve, batch_size in zip(curves, batch_sizes, strict=True):
        updates = np.asarray(curve.sequences) / batch_size
        panel.plot(updates, running_mean(curve.values, WINDOW), label=curve.label)
    panel.set(xlabel="updates", ylabel="training cross-entropy, nats a pixel", yscale="log")
    panel.grid(alpha=0.3, which="both")
    panel.legend()
    figure.savefig(path, dpi=90)
    plt.close(figure)


def _main() -> None:
    folders, output = finished(Path(_RUNS.value)), Path(_OUTPUT.value)
    curves = [read_curve(folder, "train/cross_entropy") for folder in folders]
    batch_sizes = [read_json(folder / CONFIG_FILE).train.batch_size for folder in folders]
    table = rows(curves)
    publish(output, table, _COMMAND.value, "Figure 6, training cross-entropy.")
    path = output / "figure6.png"
    try:
        plot(curves, batch_sizes, path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error})") from error


if __name__ == "__main__":
    _RUNS = flags.DEFINE_string("runs", None, "Folder of run folders.", required=True)
    _OUTPUT = flags.DEFINE_string("output", None, "Folder of the results.", required=True)
    _COMMAND = flags.DEFINE_string("command", "", "Command that made the runs, to be quoted.")
    command_line.run(_main)
