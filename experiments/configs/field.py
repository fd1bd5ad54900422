"""A field of a configuration: its default and the values that it may have."""

import math
import pkgutil
from dataclasses import dataclass
from typing import Any

from data.sequences import MAX_COUNT
from experiments.console.errors import UserError, nearest


@dataclass(frozen=True)
class Field:
    """A field's default and range.

    Attributes:
      default: whose type is the field's.
      choices: names that it may be, or where they are defined, as `module:NAME`, which is imported
        when a value is checked, so that flags are defined without it; None for any.
      at_least: smallest value; None for any.
      at_most: largest value; None for any, of whole numbers for `MAX_COUNT`.
      above: a bound that the value must exceed; None for none.
    """

    default: Any
    choices: tuple[str, ...] | str | None = None
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None

    def check(self, path: str, value: Any) -> None:
        """Refuses a value outside the range.

        Args:
          path: of the field, dotted.
          value: of the right type.

        Raises:
          UserError: names the field and its range, or the nearest and all known names.
        """
        known = self.names()
        if known and value not in known:
            raise UserError(f"config.{path}={value!r}: {nearest(value, filter(None, known))}")
        if isinstance(value, float) and math.isinf(value):
            raise UserError(f"config.{path}={value}: expected a finite number")
        if self.at_least is not None and not value >= self.at_least:
            raise UserError(f"config.{path}={value}: expected at least {self.at_least}")
        at_most = MAX_COUNT if type(value) is int and self.at_most is None else self.at_most
        if at_most is not None and not value <= at_most:
            raise UserError(f"config.{path}={value}: expected at most {at_most}")
        if self.above is not None and not value > self.above:
            raise UserError(f"config.{path}={value}: expected a number above {self.above}")

    def names(self) -> tuple[str, ...]:
        """The names that it may be; none where it may be anything."""
        if isinstance(self.choices, str):
            return tuple(pkgutil.resolve_name(self.choices))
        return self.choices or ()
