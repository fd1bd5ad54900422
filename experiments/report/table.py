"""What a table is: how its rows come from runs, and what of them the page shows.

Imports nothing heavy, as flags offer the tables' names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from experiments.run.results import result_file


def _of_each_run(measured: str) -> str:
    """Pattern of what is measured of runs on test sequences, below their folder."""
    return result_file(Path("*"), measured, "test").as_posix()


@dataclass(frozen=True)
class Evaluations:
    """A row for each run evaluated on the test sequences.

    Attributes:
      field: of the configuration, which the runs are compared by; rows without one have the run's
        name and the fields that it set.
      score: the one of the evaluation that is compared, beside the paper's and their ratio; rows
        without one have all scores, and those of a copy of the last frame.
      name: of that score in the rows.
    """

    files: ClassVar[str] = _of_each_run("eval")
    field: str = ""
    score: str = ""
    name: str = ""


@dataclass(frozen=True)
class ResultFile:
    """The rows of a result file that each run has; a row that several runs have appears once.

    The file holds a list of rows, or an object whose entries are rows by name, which is a column of
    theirs; its `network`, which describes the run, is none. Lists in a row are scores frame by
    frame, and give rows of their own.

    Attributes:
      measured: on test sequences, a key of `experiments.run.results.RESULTS`.
      published: whether what others report stands beside them, see `experiments.measure.paper`.
    """

    measured: str
    published: bool = False

    @property
    def files(self) -> str:
        """Pattern of the files below the folder of runs."""
        return _of_each_run(self.measured)


@dataclass(frozen=True)
class Predictions:
    """A row for each video that `experiments.predict` predicted, by its path."""

    files: ClassVar[str] = "**/summary.json"


@dataclass(frozen=True)
class Measurements:
    """A row for each folder of clips that `experiments.measure.video` measured a run on."""

    files: ClassVar[str] = "*/clips/results.json"


@dataclass(frozen=True)
class TrainingErrors:
    """A row for each finished run: means of a logged score over tenths of the run.

    Attributes:
      score: as it is logged.
    """

    files: ClassVar[str] = _of_each_run("eval")
    score: str


RowSource = Evaluations | ResultFile | Predictions | Measurements | TrainingErrors


@dataclass(frozen=True)
class Curves:
    """A logged score of each run, kept and plotted.

    Attributes:
      score: as it is logged.
      quantity: what it is, for the plot.
      picture: name of the plot.
      window: logged values of a running mean; odd.
      by: `sequences` on a logarithmic axis, or `updates`.
    """

    score: str
    quantity: str
    picture: str = "curves.png"
    window: int = 1
    by: str = "sequences"


@dataclass(frozen=True)
class Table:
    """A folder of results and its section of the page.

    Attributes:
      title: of the section.
      rows: how they come from runs; None for results that another program writes.
      key: fields that distinguish rows, so that those of runs elsewhere stay; none for rows that
        are written anew.
      curves: kept and plotted beside the rows.
      columns: headings by field, in the page's order; none shows all fields of all rows. Of a
        row's `run`, the page also knows `label`, `length` and `seed`, see `compact_table`.
      by: of these fields, what distinguishes the page's lines; rows of one line differ in their
        seed, and are averaged.
      across: fields whose values make columns instead of lines.
      where: values that a field of the rows shown has, in the order of the lines.
    """

    title: str
    rows: RowSource | None = None
    key: tuple[str, ...] = ()
    curves: Curves | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    by: tuple[str, ...] = ()
    across: tuple[str, ...] = ()
    where: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
