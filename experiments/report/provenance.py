"""Where a row of results comes from: the device and the commit that trained its run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
