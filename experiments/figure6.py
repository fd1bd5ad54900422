"""Figure 6: the training error of each variant by updates, from the runs of Table 2 of one length.

    python -m experiments.figure6 --runs=runs/table2 --sequences=12000 \
        --output=experiments/results/figure6

Writes `figure6.png`, the logged cross-entropy as a running mean, `curves.json`, the same without
the mean, and `results.json` and `results.md`, its means over tenths of each run. What the output
holds of other runs stays, in the picture too.
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
from experiments.learning_curves import Curve, keep_curves, read_curve
from experiments.results_table import publish, with_earlier
from experiments.run_folder import CONFIG_FILE, evaluated_runs

WINDOW = 15  # logged updates of a running mean
NUM_TENTHS = 10


def running_mean(values: Sequence[float], window: int) -> np.ndarray:
    """Mean of each value and its neighbours, as many on either side, fewer towards the ends.

    Args:
      values: [N].
      window: at most so many values are averaged, odd.

    Returns:
      [N], without delay.
    """
    sums = np.cumsum(np.concatenate([[0.0], values]))
    index = np.arange(len(values))
    reach = np.minimum(np.minimum(index, index[::-1]), window // 2)
    return (sums[index + reach + 1] - sums[index - reach]) / (2 * reach + 1)


def comparable_runs(runs: Path, sequences: int, seed: int) -> list[Path]:
    """Finished runs below a folder of as many training sequences and one seed, by their names.

    Raises:
      UserError: there is none, or a configuration is damaged.
    """
    found = []
    for folder in evaluated_runs(runs, "test"):
        config = read_json(folder / CONFIG_FILE)
        if (config.train.num_sequences, config.seed) == (sequences, seed):
            found.append(folder)
    if not found:
        raise UserError(f"{runs}: no finished run of {sequences} sequences and seed {seed}")
    return found


def rows(curves: Sequence[Curve]) -> list[dict[str, Any]]:
    """A row a run: mean error in each tenth of its updates."""
    table = []
    for curve in curves:
        parts = np.array_split(np.asarray(curve.values), NUM_TENTHS)
        means = {f"tenth_{n}": float(part.mean()) for n, part in enumerate(parts, 1) if len(part)}
        table.append({"run": curve.label} | means)
    return table


def plot(curves: Sequence[Curve], path: Path) -> None:
    """Writes the picture."""
    figure, panel = plt.subplots(figsize=(8, 5), constrained_layout=True)
    for curve in curves:
        panel.plot(curve.updates, running_mean(curve.values, WINDOW), label=curve.label)
    panel.set(xlabel="updates", ylabel="training cross-entropy, nats a pixel", yscale="log")
    panel.grid(alpha=0.3, which="both")
    panel.legend()
    figure.savefig(path, dpi=90)
    plt.close(figure)


def _main() -> None:
    folders = comparable_runs(Path(_RUNS.value), _SEQUENCES.value, _SEED.value)
    output = Path(_OUTPUT.value)
    curves = [read_curve(folder, "train/cross_entropy") for folder in folders]
    table = with_earlier(output, rows(curves), ("run",))
    publish(output, table, _COMMAND.value, "Figure 6, training cross-entropy.")
    path = output / "figure6.png"
    try:
        plot(keep_curves(output / "curves.json", curves), path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error})") from error


if __name__ == "__main__":
    _RUNS = flags.DEFINE_string("runs", None, "Folder of run folders.", required=True)
    _SEQUENCES = flags.DEFINE_integer("sequences", None, "Length of the runs.", required=True)
    _SEED = flags.DEFINE_integer("seed", 0, "Seed of the runs.")
    _OUTPUT = flags.DEFINE_string("output", None, "Folder of the results.", required=True)
    _COMMAND = flags.DEFINE_string("command", "", "Command that made the runs, to be quoted.")
    command_line.run(_main)
