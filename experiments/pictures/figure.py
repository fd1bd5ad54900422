"""Plots as PNG files that change only where the picture does."""

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from data.atomic_file import replacing
from experiments.console.errors import UserError


def write_figure(figure: Figure, path: Path, *, dpi: int) -> None:
    """Writes a figure, without the library's version that PNG files have otherwise; closes it.

    Raises:
      UserError: it cannot be written.
    """
    try:
        with replacing(path) as part:
            figure.savefig(part, format="png", dpi=dpi, metadata={"Software": None})
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        plt.close(figure)
