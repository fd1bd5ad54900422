"""Learning curves: a logged score by the number of updates; kept, plotted, and as rows of means."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import AutoLocator, LogLocator, NullFormatter, StrMethodFormatter

from data.files.json_files import parse_json
from data.sequences import MAX_COUNT
from experiments.configs import config as configuration
from experiments.console.reading import number, reading
from experiments.pictures.figure import write_figure
from experiments.report.provenance import Row, training
from experiments.report.table import Curves, TrainingErrors
from experiments.run.folder import CONFIG_FILE
from experiments.run.metrics_log import METRICS_FILE
from experiments.run.results import write_file

NUM_TENTHS = 10


@dataclass(frozen=True)
class Curve:
    """One run's.

    Attributes:
      label: name of the run.
      batch_size: sequences an update.
      updates: after which the score was logged, increasing.
      values: the score.
    """

    label: str
    batch_size: int
    updates: list[int]
    values: list[float]


def read_curve(folder: Path, name: str) -> Curve:
    """The curve of a run's metric, such as `train/loss`; of an update logged twice, the later.

    Raises:
      UserError: unreadable metrics.
    """
    path = folder / METRICS_FILE
    batch_size = configuration.read_json(folder / CONFIG_FILE).train.batch_size
    values: dict[int, float] = {}
    with reading(path, "the metrics of a run"):
        for line in path.read_bytes().splitlines():
            entry = json.loads(line)
            if entry.get(name) is not None:  # of an update that was not finite, null is logged
                values[_update(entry["step"])] = number(entry[name])
    updates = sorted(values)
    return Curve(folder.name, batch_size, updates, [values[update] for update in updates])


def rows(source: TrainingErrors, runs: Path, files: Sequence[Path]) -> list[Row]:
    """A row for each run of a file: means of its curve over tenths of the logged updates.

    Raises:
      UserError: unreadable metrics.
    """
    return [tenths(read_curve(path.parent, source.score)) | training(path.parent) for path in files]


def tenths(curve: Curve) -> Row:
    """A curve's means over tenths of the logged updates."""
    parts = np.array_split(np.asarray(curve.values), NUM_TENTHS)
    means = {f"tenth_{n}": float(part.mean()) for n, part in enumerate(parts, 1) if len(part)}
    return {"run": curve.label} | means


def keep_curves(path: Path, curves: Sequence[Curve]) -> list[Curve]:
    """Adds curves to a file, made if need be, in which curves of other runs stay.

    Returns:
      All of the file's, by label.

    Raises:
      UserError: the file is damaged, or cannot be written.
    """
    known: dict[str, Curve] = {}
    if path.exists():
        with reading(path, "learning curves"):
            known = {entry["label"]: _curve(**entry) for entry in parse_json(path)}
    known |= {curve.label: curve for curve in curves}
    kept = [known[label] for label in sorted(known)]
    lines = ",\n".join(json.dumps(asdict(curve)) for curve in kept)
    write_file(path, f"[\n{lines}\n]\n")
    return kept


def _curve(label: str, batch_size: int, updates: list[int], values: list[float]) -> Curve:
    """A curve of a file; refuses what is none."""
    if not isinstance(label, str) or len(updates) != len(values):
        raise ValueError(f"{label!r}: {len(updates)} updates, {len(values)} values")
    steps, scores = [_update(step) for step in updates], [number(value) for value in values]
    return Curve(label, _update(batch_size), steps, scores)


def _update(step: Any) -> int:
    if type(step) is not int or not 0 <= step <= MAX_COUNT:
        raise ValueError(f"expected a number of updates, got {step!r}")
    return step


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


def plot_curves(curves: Sequence[Curve], described: Curves, path: Path) -> None:
    """Writes a picture of all curves, each in a colour of its own.

    Raises:
      UserError: it cannot be written.
    """
    by_sequences = described.by == "sequences"
    rows_of_legend = -(-len(curves) // 2)
    figure, panel = plt.subplots(figsize=(10, 5 + 0.25 * rows_of_legend), constrained_layout=True)
    colours = plt.get_cmap("turbo")(np.linspace(0.05, 0.95, len(curves)))
    for curve, colour in zip(curves, colours, strict=True):
        places = [update * (curve.batch_size if by_sequences else 1) for update in curve.updates]
        values = running_mean(curve.values, described.window)
        panel.plot(places, values, color=colour, label=curve.label)
    panel.set(
        xlabel="training sequences" if by_sequences else "updates",
        ylabel=described.quantity,
        xscale="log" if by_sequences else "linear",
        yscale="log",
    )
    for axis in (panel.xaxis, panel.yaxis):
        if axis.get_scale() == "log":  # labelled where they have room, as plain numbers
            low, high = axis.get_view_interval()
            axis.set_major_locator(AutoLocator() if high < 10 * low else LogLocator(subs=(1, 2, 5)))
            axis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axis.set_minor_formatter(NullFormatter())
    panel.grid(alpha=0.3, which="both")
    figure.legend(loc="outside lower center", ncols=2)
    write_figure(figure, path, dpi=90)
