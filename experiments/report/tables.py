"""What the tables of the paper compare; imports nothing heavy, as a flag offers them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """What a table compares, and by which test score.

    Attributes:
      field: of the configuration.
      metric: of the evaluation.
      name: of the metric in the rows.
    """

    field: str
    metric: str
    name: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Fields of a row that tell runs apart."""
        return self.field, "sequences", "seed"


TABLES = {
    "2": Table("variant", "cross_entropy", "test_cross_entropy"),
    "3": Table("loss", "mean_squared_error", "test_l2"),
}
