"""How time and memory of an update grow with batch, number of frames and frame size."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from experiments.benchmark.cells import Cell
from experiments.benchmark.machine import heading
from experiments.pictures.figure import write_figure

VARIANT = "conv-1enc-1LSTM"
GROWTH = {"batch": (1, 4, 16), "tau": (5, 10, 20, 40), "size": (32, 64, 128)}
FIXED = {"batch": 4, "tau": 10, "size": 64}
SEGMENT, SEGMENTED_TAU = 5, (20, 40)  # frames kept, in the second curve over tau
_LABELS = {"batch": "sequences per update", "tau": "frames tau", "size": "frame size, pixels"}


def scaling_cells() -> list[Cell]:
    """Cells along each axis, and those over tau with recomputation."""
    cells = [
        Cell(VARIANT, "train", **(FIXED | {axis: value}))
        for axis, values in GROWTH.items()
        for value in values
    ]
    cells += [
        Cell(VARIANT, "train", **(FIXED | {"tau": tau}), segment=SEGMENT) for tau in SEGMENTED_TAU
    ]
    return list(dict.fromkeys(cells))


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """Writes a picture: columns batch, tau, size; rows time and memory."""
    figure, axes = plt.subplots(2, len(GROWTH), figsize=(11, 6), constrained_layout=True)
    for column, axis in zip(axes.T, GROWTH, strict=True):
        others = {name: value for name, value in FIXED.items() if name != axis}
        along = [row for row in rows if all(row[name] == value for name, value in others.items())]
        curves = [("vstm", "ours", 0, "o-"), ("PyTorch", "torch", 0, "s--")]
        if axis == "tau":
            curves.append((f"vstm, segments of {SEGMENT} frames", "ours", SEGMENT, "^:"))
        for label, side, segment, style in curves:
            points = sorted(
                (row[axis], row[f"{side}_s"] * row["batch"], row[f"{side}_peak_mb"])
                for row in along
                if row["segment"] == segment and row[f"{side}_s"] is not None
            )
            if not points:
                continue
            positions, seconds, megabytes = zip(*points, strict=True)
            column[0].plot(positions, seconds, style, label=label)
            column[1].plot(positions, megabytes, style, label=label)
        for panel, quantity in zip(column, ("seconds per update", "peak memory, MB"), strict=True):
            panel.set(xlabel=_LABELS[axis], ylabel=quantity, ylim=(0, None))
            panel.grid(alpha=0.3)
        column[0].set_title(", ".join(f"{name} {value}" for name, value in others.items()))
        column[0].set_ylim(0, 1.4 * column[0].get_ylim()[1])  # room for the legend
        column[0].legend(loc="upper left")
    figure.suptitle(f"{VARIANT}: one update\n{heading(rows[0])}", fontsize="medium")
    write_figure(figure, path, dpi=90)
