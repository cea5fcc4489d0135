"""N:N relationships: an intersect table with a row for each pair, and a collection of related rows on either side."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ManyToMany:
    """One N:N relationship.

    Attributes:
        name: its schema name, and the name of the collection on both sides.
        intersect: the intersect table.
        columns: for each of the two tables, the lookup of the intersect table that points to it.
    """

    name: str
    intersect: str
    columns: Mapping[str, str]

    def other(self, table: str) -> str:
        """The table on the other side."""
        return next(name for name in self.columns if name != table)
