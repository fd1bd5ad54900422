"""Errors the user can fix: reported as one line, without a traceback."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Bad input; the message names the file or field and what was expected."""


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean ...? Known: ...` for a mistyped name."""
    known = list(known)
    matches = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    return f"did you mean {matches[0]!r}? Known: {', '.join(known)}"
