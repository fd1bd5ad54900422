"""Figure 6: the training error of each variant by updates, from the runs of Table 2 of one length.

What is written, and how, is described in the program, `experiments.figure6`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from experiments.configs.config import read_json
from experiments.console.errors import UserError
from experiments.pictures.figure import write_figure
from experiments.report.learning_curves import Curve
from experiments.run.folder import CONFIG_FILE, evaluated_runs

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
    """Writes the picture.

    Raises:
      UserError: it cannot be written.
    """
    figure, panel = plt.subplots(figsize=(8, 5), constrained_layout=True)
    for curve in curves:
        panel.plot(curve.updates, running_mean(curve.values, WINDOW), label=curve.label)
    panel.set(xlabel="updates", ylabel="training cross-entropy, nats a pixel", yscale="log")
    panel.grid(alpha=0.3, which="both")
    panel.legend()
    write_figure(figure, path, dpi=90)
