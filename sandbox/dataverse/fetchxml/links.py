"""Joins: for a row of the query's table, all combinations with rows of the linked tables.

A combination is a tuple with a row, or None, for each table of the query; each table has its own place in it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sandbox.dataverse.fetchxml.fields import Field
from sandbox.dataverse.fetchxml.query import LinkType
from sandbox.dataverse.guids import guid_key
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.store import Row, TableData
from sandbox.dataverse.values import Scalar

type Combination = tuple[Row | None, ...]
type Predicate = Callable[[Combination], bool]


def always(_: Combination) -> bool:
    """No condition."""
    return True


@dataclass(slots=True, eq=False)
class Joined:
    """One table of a query.

    Attributes:
        place: where its rows stand in a combination.
        model: the table.
        data: its rows.
        alias: what conditions and columns call it; empty for the table of the query.
        type: how its rows count.
        parent: the table that it is joined with; None for the table of the query.
        source: the column of this table that is compared.
        target: the column of the parent that it is compared with.
        matches: the filters of the link.
        links: tables that are joined with this one.
    """

    place: int
    model: TableModel
    data: TableData
    alias: str = ""
    type: LinkType = LinkType.INNER
    parent: "Joined | None" = None
    source: Field | None = None
    target: Field | None = None
    matches: Predicate = always
    links: "list[Joined]" = field(default_factory=list)

    @property
    def is_shown(self) -> bool:
        """Whether rows of this table are part of the result, and not only looked for."""
        return self.type.shows_columns and (self.parent is None or self.parent.is_shown)

    def related(self, combination: Combination) -> Iterator[Combination]:
        """The combination with each row of this table that belongs to it, whatever the filters say."""
        if self.parent is None or self.source is None or self.target is None:
            return
        row = combination[self.parent.place]
        value = None if row is None else self.target.read(row)
        if value is None:
            return
        place = self.place
        before, after = combination[:place], combination[place + 1 :]
        for partner in self._partners(str(self.source.property), value):
            yield (*before, partner, *after)

    def _partners(self, name: str, value: Scalar) -> list[Row]:
        data = self.data
        if name == self.model.id_column:
            row = data.rows.get(str(value))
            return [] if row is None else [row]
        ids = data.having(name, value)
        return [data.rows[each] for each in (sorted(ids, key=guid_key) if len(ids) > 1 else ids)]

    def matching(self, combination: Combination) -> Iterator[Combination]:
        """Likewise, only those that the filters let through, each with the rows of the links within."""
        for each in self.related(combination):
            if self.matches(each):
                yield from combinations(self.links, each)

    def exists(self, combination: Combination) -> bool:
        """Whether there is such a row."""
        return next(self.matching(combination), None) is not None

    def holds(self, combination: Combination) -> bool:
        """What a link within a filter says; `all` means that there are related rows and none matches."""
        if self.type is LinkType.NOT_ANY:
            return not self.exists(combination)
        if self.type is LinkType.ALL:
            return next(self.related(combination), None) is not None and not self.exists(combination)
        return self.exists(combination)


def combinations(links: list[Joined], combination: Combination) -> Iterator[Combination]:
    """The combination joined with each of the links, one after the other."""
    if not links:
        yield combination
        return
    first, rest = links[0], links[1:]
    for each in _join(first, combination):
        yield from combinations(rest, each)


def _join(link: Joined, combination: Combination) -> Iterator[Combination]:
    if not link.type.shows_columns:
        if link.holds(combination):
            yield combination
        return
    found = False
    for each in link.matching(combination):
        found = True
        yield each
        if link.type is LinkType.FIRST_ROW:
            return
    if not found and link.type is LinkType.OUTER:
        yield combination
