"""Reading many components with one call: a plan looks at some two hundred, most of which stand in a list together.

Lists only save calls. What a list does not show is asked for by itself, and so is everything where a list is refused: a
new table, for example, does not list its columns before it is published.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import batched
from typing import Final, override
from urllib.parse import quote

from connector.dataverse.api import NotFound, Row, UnknownName, filters
from connector.dataverse.schema import Kind
from connector.errors import ConnectorError
from connector.setup.calls import SetupCalls
from connector.setup.column_bodies import metadata_type
from connector.setup.columns import CHOICE_QUERY, ColumnPart
from connector.setup.component import Component, Found
from connector.setup.keys import KEY_COLUMNS, KeyPart
from connector.setup.lookups import LookupPart
from connector.setup.row_parts import UNPUBLISHED, RowPart
from connector.setup.steps import StepPart, messages_in_lists
from connector.setup.tables import TablePart
from connector.setup.target import SetupTarget

#: How many conditions an address has at most.
_CONDITIONS: Final = 40
_WHOLE: Final = "?$select="


class ListedCalls(SetupCalls):
    """Answers reads from lists that were read before; nothing is read twice. It is for one plan, which writes nothing.

    Args:
        calls: to the environment.
    """

    def __init__(self, calls: SetupCalls) -> None:
        self.writes = 0
        self._calls = calls
        self._found: dict[str, Row | None] = {}
        self._listed: dict[str, list[Row]] = {}

    def know(self, path: str, row: Row) -> None:
        """What is at an address."""
        self._found.setdefault(path, row)

    def know_list(self, path: str, rows: list[Row]) -> None:
        """The list at an address."""
        self._listed.setdefault(path, rows)

    @override
    def get(self, path: str) -> Row:
        found = self.find(path)
        return self._calls.get(path) if found is None else found

    @override
    def find(self, path: str) -> Row | None:
        whole, _, columns = path.partition(_WHOLE)
        known = self._found.get(whole)
        if known is not None and "$expand" not in columns:  # a part of what is known as a whole
            return known
        if path not in self._found:
            self._found[path] = self._calls.find(path)
        return self._found[path]

    @override
    def rows(self, path: str) -> list[Row]:
        if path not in self._listed:
            self._listed[path] = self._calls.rows(path)
        return self._listed[path]

    @override
    def once(self, name: str, ask: Callable[[], str]) -> str:
        return self._calls.once(name, ask)

    @override
    def has_done(self, name: str) -> bool:
        return self._calls.has_done(name)


def listed(target: SetupTarget, components: Sequence[Component]) -> SetupTarget:
    """The environment, read by lists as far as they go.

    Args:
        target: the environment.
        components: that will be read.
    """
    calls = ListedCalls(target.calls)
    if target.version:  # while a set-up is under way, lists do not have all that is new
        for read in (_tables, _columns, _rows, _messages):
            with suppress(ConnectorError):
                read(calls, components)
    return replace(target, calls=calls)


def _tables(calls: ListedCalls, components: Sequence[Component]) -> None:
    """The definitions of the tables, with their keys."""
    parts = [each for each in components if isinstance(each, TablePart)]
    addresses = {part.name: part.address for part in parts}
    if not addresses:
        return
    condition = quote(" or ".join(filters.eq("LogicalName", name) for name in addresses))
    expanded = f"$expand=Keys($select={KEY_COLUMNS})&" if any(isinstance(each, KeyPart) for each in components) else ""
    for row in calls.rows(f"EntityDefinitions?{expanded}$filter={condition}"):
        address = addresses[str(row["LogicalName"])]
        calls.know(address, {name: value for name, value in row.items() if name != "Keys"})
        if expanded:
            calls.know(f"{address}/Keys?$select={KEY_COLUMNS}", {"value": row.get("Keys")})


def _columns(calls: ListedCalls, components: Sequence[Component]) -> None:
    """The columns of each table, and the global choices of those that have one."""
    by_table: defaultdict[str, list[ColumnPart | LookupPart]] = defaultdict(list)
    for part in components:
        if isinstance(part, ColumnPart | LookupPart):
            by_table[part.address.rpartition("(")[0]].append(part)
    for attributes, parts in by_table.items():
        addresses = {part.column.name: part.address for part in parts}
        with suppress(NotFound, UnknownName):  # a table that the environment does not have
            for names in batched(addresses, _CONDITIONS, strict=False):
                condition = quote(" or ".join(filters.eq("LogicalName", name) for name in names))
                for row in calls.rows(f"{attributes}?$filter={condition}"):
                    calls.know(addresses[str(row["LogicalName"])], row)
            _choices(calls, attributes, [part for part in parts if part.column.kind is Kind.CHOICE])


def _choices(calls: ListedCalls, attributes: str, parts: Sequence[ColumnPart | LookupPart]) -> None:
    """The global choices of the columns of a table."""
    addresses = {part.column.name: part.address for part in parts}
    for kind in {metadata_type(part.column) for part in parts}:
        for row in calls.rows(f"{attributes}/{kind}?{CHOICE_QUERY}"):
            if address := addresses.get(str(row["LogicalName"])):
                calls.know(f"{address}/{kind}?{CHOICE_QUERY}", row)


def _rows(calls: ListedCalls, components: Sequence[Component]) -> None:
    """The components that are rows; of those with two layers, both."""
    by_table: defaultdict[str, list[RowPart]] = defaultdict(list)
    for part in components:
        if isinstance(part, RowPart) and part.conditions:
            by_table[part.rows.set_name].append(part)
    for parts in by_table.values():
        with suppress(ConnectorError):
            rows = parts[0].rows
            source = f"{rows.set_name}/{UNPUBLISHED}" if rows.layered else rows.set_name
            found = _list(calls, source, [(part, part.conditions[0]) for part in parts])
            if rows.layered:
                _list(calls, rows.set_name, [(part, part.id_condition(part.object_id(row))) for part, row in found])


def _list(calls: ListedCalls, source: str, wanted: Sequence[tuple[RowPart, str]]) -> list[tuple[RowPart, Found]]:
    """Read rows by their conditions, and return which row each part finds."""
    columns = dict.fromkeys(
        name for part, condition in wanted for name in (*part.columns, *(column for column, _ in _terms(condition)))
    )
    found: list[tuple[RowPart, Found]] = []
    for some in batched(wanted, _CONDITIONS, strict=False):
        condition = " or ".join(f"({each})" for _, each in some)
        rows = calls.rows(f"{source}?$select={','.join(columns)}&$filter={quote(condition)}")
        for part, each in some:
            if mine := [row for row in rows if _meets(row, each)]:
                calls.know_list(part.query(source, each), mine)
                if (chosen := part.chosen(mine)) is not None:
                    found.append((part, chosen))
    return found


def _messages(calls: ListedCalls, components: Sequence[Component]) -> None:
    """The messages, and the tables that have them."""
    steps = [part.step for part in components if isinstance(part, StepPart)]
    if steps:
        for path, rows in messages_in_lists(calls, steps).items():
            calls.know_list(path, rows)


def _terms(condition: str) -> Iterable[tuple[str, str]]:
    """The columns and the literals of a condition of ours: comparisons for equality, all of which must be met."""
    for term in condition.split(" and "):
        column, _, value = term.partition(" eq ")
        yield column, value


def _meets(row: Mapping[str, object], condition: str) -> bool:
    return all(_is(row.get(column), value) for column, value in _terms(condition))


def _is(found: object, value: str) -> bool:
    """Whether a value of a row is what a literal says; Dataverse compares texts without regard to capitals."""
    shown = filters.literal(found) if isinstance(found, str | bool | int | None) else str(found)
    return value.lower() in (shown.lower(), str(found).lower())
