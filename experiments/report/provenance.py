"""Where a row of results comes from: the device and commit that trained its run, and how long."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.configs.config import read_json
from experiments.run.folder import CONFIG_FILE
from experiments.run.provenance import trained_by

Row = dict[str, Any]

PROVENANCE = ("device", "commit", "gathered_by")
"""Columns on where a row comes from.

`gathered_by` is what rows had before runs recorded what trained them: the commit that gathered it.
"""


def training(folder: Path) -> dict[str, str | None]:
    """A row's device and commit, see `trained_by`: those that trained a run."""
    facts = trained_by(folder)
    return {"device": facts["trained_device"], "commit": facts["trained_commit"]}


def sequences_trained(folder: Path) -> int | None:
    """Training sequences of a finished run, with those of the finished runs that it began with.

    Args:
      folder: of the run.

    Returns:
      The sum; None where it began with a model of which there is no run, or no longer.

    Raises:
      UserError: a configuration is damaged.
    """
    train = read_json(folder / CONFIG_FILE).train
    if not train.initial_model:
        return train.num_sequences
    if not (Path(train.initial_model) / CONFIG_FILE).exists():
        return None
    before = sequences_trained(Path(train.initial_model))
    return None if before is None else before + train.num_sequences


def content(row: Mapping[str, Any]) -> Row:
    """What a row says, without its run's name and where it comes from."""
    return {name: value for name, value in row.items() if name not in ("run", *PROVENANCE)}


def with_known_provenance(row: Row, known: Mapping[str, Any] | None) -> Row:
    """The row; if its run says nothing of its training, with what a known row says.

    Args:
      row: new.
      known: the earlier row of its cell; counts if the new one says all that it says, and perhaps
        more, such as a score that came later.
    """
    if known is None or any(row.get(name) for name in PROVENANCE):
        return row
    if not content(known).items() <= content(row).items():
        return row
    return row | {name: known[name] for name in PROVENANCE if name in known}
