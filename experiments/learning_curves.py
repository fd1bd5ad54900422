"""Learning curves: a logged score by the number of training sequences."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt

from experiments.config import read_json
from experiments.errors import UserError
from experiments.run_folder import CONFIG_FILE, METRICS_FILE


@dataclass(frozen=True)
class Curve:
    """One run's.

    Attributes:
      label: name of the run.
      sequences: training sequences seen, increasing.
      values: the score after them.
    """

    label: str
    sequences: list[int]
    values: list[float]


def read_curve(folder: Path, name: str) -> Curve:
    """The curve of a run's metric, such as `train/loss`; of an update logged twice, the later.

    Raises:
      UserError: unreadable metrics.
    """
    path = folder / METRICS_FILE
    batch_size = read_json(folder / CONFIG_FILE).train.batch_size
    values: dict[int, float] = {}
    try:
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            if name in entry:
                values[entry["step"]] = entry[name]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not the metrics of a run ({error})") from error
    steps = sorted(values)
    return Curve(folder.name, [step * batch_size for step in steps], [values[s] for s in steps])


def plot_curves(curves: Sequence[Curve], quantity: str, path: Path) -> None:
    """Writes a picture of all curves, both axes logarithmic.

    Raises:
      UserError: it cannot be written.
    """
    figure, panel = plt.subplots(figsize=(8, 5), constrained_layout=True)
    for curve in curves:
        panel.plot(curve.sequences, curve.values, label=curve.label)
    panel.set(xlabel="training sequences", ylabel=quantity, xscale="log", yscale="log")
    panel.grid(alpha=0.3, which="both")
    panel.legend()
    try:
        figure.savefig(path, dpi=90)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        plt.close(figure)
