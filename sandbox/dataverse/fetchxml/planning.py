"""What a query means in this environment: its tables and columns found, its filters ready, its limits checked."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from connector.dataverse.schema import Kind
from sandbox.dataverse.fetchxml.assumptions import Assumptions
from sandbox.dataverse.fetchxml.fields import DATES, TEXTS, find_field
from sandbox.dataverse.fetchxml.filters import Compiled, FilterCompiler, both
from sandbox.dataverse.fetchxml.links import Joined
from sandbox.dataverse.fetchxml.perspective import Perspective
from sandbox.dataverse.fetchxml.query import Fetch, FetchCondition, FetchEntity, FetchFilter, FetchLink
from sandbox.dataverse.fetchxml.refusals import (
    CHOICES_NOT_HERE,
    INVALID_LINK,
    TOO_MANY_CONDITIONS,
    TOO_MANY_LINKS,
    refuse,
    unknown_table,
)
from sandbox.dataverse.literals import IDS, NUMBERS, OPTIONS
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.privileges import sees
from sandbox.dataverse.roles import Role, Verb
from sandbox.dataverse.store import Store, TableData

#: Types of columns that can be joined with each other.
_JOINABLE: Final = (TEXTS, NUMBERS, OPTIONS, DATES, IDS, frozenset({Kind.YES_NO}))


@dataclass(frozen=True, slots=True)
class Plan:
    """A query, ready to run.

    Attributes:
        fetch: what it asks for.
        root: the table of the query.
        tables: all tables, each at its place.
        entities: what is wanted of each of them.
        before: the filters that only look at the root.
        after: those that look at joined rows.
    """

    fetch: Fetch
    root: Joined
    tables: list[Joined]
    entities: list[FetchEntity]
    before: Compiled
    after: Compiled

    def find(self, alias: str) -> Joined | None:
        """The joined table of an alias, or of a table's name that only one link has."""
        shown = [each for each in self.tables if each.is_shown and each.parent is not None]
        return find_alias(shown, alias)


def find_alias(tables: list[Joined], alias: str) -> Joined | None:
    """The table of an alias, or of a table's name that only one of them has."""
    named = [each for each in tables if each.alias == alias] or [each for each in tables if each.model.name == alias]
    return named[0] if len(named) == 1 else None


def tables_of(store: Store, fetch: Fetch) -> list[TableModel]:
    """The tables that a query reads, the one of the entity first.

    Raises:
        ApiError: 400 when there is no such table.
    """
    names = [fetch.entity.name, *(part.entity.name for part in _parts(fetch.entity) if isinstance(part, FetchLink))]
    return [_model(store, name) for name in names]


def make_plan(store: Store, fetch: Fetch, who: Perspective, assumptions: Assumptions, role: Role | None = None) -> Plan:
    """Prepare a query of the rows that a role sees; without one, of all rows.

    Raises:
        ApiError: 400 for an unknown table, column or alias, a condition that is not possible, and a limit exceeded.
    """
    _check_limits(fetch.entity, assumptions)
    return _Planner(store, who, assumptions, role).plan(fetch)


class _Planner:
    def __init__(self, store: Store, who: Perspective, assumptions: Assumptions, role: Role | None) -> None:
        self._store = store
        self._role = role
        self._who = who
        self._tables: list[Joined] = []
        self._entities: list[FetchEntity] = []
        self._compiler = FilterCompiler(store, who, assumptions, self._find_link, self._join_in_filter)

    def plan(self, fetch: Fetch) -> Plan:
        root = self._table(fetch.entity, "")
        for link in fetch.entity.links:
            self._join(link, root)
        joined = self._tables[1:]
        parts = self._compiler.parts(fetch.entity.filters, root)
        for table, entity in list(zip(joined, self._entities[1:], strict=False)):
            self._filter(table, entity)
        return Plan(
            fetch,
            root,
            self._tables,
            self._entities,
            both([part for part in parts if part.places <= {0}]),
            both([part for part in parts if not part.places <= {0}]),
        )

    def _filter(self, table: Joined, entity: FetchEntity) -> None:
        table.matches = both(self._compiler.parts(entity.filters, table)).matches

    def _table(self, entity: FetchEntity, alias: str) -> Joined:
        model = _model(self._store, entity.name)
        table = Joined(len(self._tables), model, self._seen(model), alias)
        self._tables.append(table)
        self._entities.append(entity)
        return table

    def _seen(self, model: TableModel) -> TableData:
        """The rows of a table that the role sees."""
        data = self._store.tables[model.name]
        if self._role is None or self._role.reaches_all(Verb.READ, model.name):
            return data
        seen = TableData(model)
        for row in data.rows.values():
            if sees(self._role, model, row):
                seen.put(row)
        return seen

    def _join(self, link: FetchLink, parent: Joined) -> Joined:
        table = self._table(link.entity, link.alias)
        table.type, table.parent = link.type, parent
        table.source = find_field(self._store, table.model, link.source, self._who)
        table.target = find_field(self._store, parent.model, link.target, self._who)
        kinds = (table.source.kind, table.target.kind)
        if Kind.CHOICES in kinds:
            raise refuse(CHOICES_NOT_HERE, f"The link '{link.alias}' cannot join a column of several choices.")
        if not any(kinds[0] in group and kinds[1] in group for group in _JOINABLE) or not table.source.property:
            raise refuse(INVALID_LINK, f"The link '{link.alias}' joins columns of different types.")
        if link.type.shows_columns or link.type.value in ("exists", "in"):
            parent.links.append(table)
        for inner in link.entity.links:
            self._join(inner, table)
        return table

    def _join_in_filter(self, link: FetchLink, parent: Joined) -> Joined:
        """A link within a filter: it and what is in it is compiled at once, as nothing else names it."""
        first = len(self._tables)
        table = self._join(link, parent)
        for each, entity in list(zip(self._tables[first:], self._entities[first:], strict=True)):
            self._filter(each, entity)
        return table

    def _find_link(self, table: Joined, alias: str) -> Joined | None:
        """The table that a condition within `table` names: in the root any that is shown, else one on the way up."""
        if table.parent is None:
            return find_alias([each for each in self._tables[1:] if each.is_shown], alias)
        above: list[Joined] = []
        current: Joined | None = table
        while current is not None and current.parent is not None:
            above.append(current)
            current = current.parent
        return find_alias(above, alias)


def _model(store: Store, name: str) -> TableModel:
    model = store.catalog.table(name)
    if model is None:
        raise unknown_table(name)
    return model


def _parts(entity: FetchEntity) -> Iterator[FetchLink | FetchCondition]:
    """Every link and every condition, however deep."""
    for link in entity.links:
        yield link
        yield from _parts(link.entity)
    for each in entity.filters:
        yield from _parts_of_filter(each)


def _parts_of_filter(fetch_filter: FetchFilter) -> Iterator[FetchLink | FetchCondition]:
    for part in fetch_filter.parts:
        if isinstance(part, FetchFilter):
            yield from _parts_of_filter(part)
            continue
        yield part
        if isinstance(part, FetchLink):
            yield from _parts(part.entity)


def _check_limits(entity: FetchEntity, assumptions: Assumptions) -> None:
    parts = list(_parts(entity))
    if sum(isinstance(part, FetchLink) for part in parts) > assumptions.most_links:
        raise refuse(TOO_MANY_LINKS, "Number of link entities in query exceeded maximum limit.")
    if len(parts) > assumptions.most_conditions:
        raise refuse(TOO_MANY_CONDITIONS, "Number of conditions in query exceeded maximum limit.")
