"""The Marketing Lists that permissions are kept in (`@map(list)`): found by the name of the permission.

One permission of Spotler is one active list of contacts, leads or accounts with its name; who is a member has agreed.
With `items` each item needs its list; without, the permissions that have no list are left to Spotler. A list is static,
or, where the mapping only sends (`->`), dynamic.

A permission that was renamed in Spotler keeps the list with its name of before, until there is one with the new name.
"""

from collections import abc, defaultdict
from dataclasses import dataclass
from itertools import batched
from typing import Final

from connector.consent.permissions import Item, key_of
from connector.dataverse.api import Dataverse, Row, UnknownName, filters
from connector.dataverse.names import MEMBER_TABLES, MarketingList
from connector.mapping.columns import Collection, Mapped
from connector.mapping.findings import Finding, in_row
from connector.mapping.model import Mapping, MappingRow
from connector.spotler import Fields
from connector.words import Sentence

#: Names in one query.
PART: Final = 100
#: Whether nobody can be added to a list or removed from it.
_LOCKED: Final = "lockstatus"
_LIST: Final = Mapped(Collection.LIST)


@dataclass(frozen=True, slots=True)
class PermissionList:
    """The list of one permission, for one table.

    Attributes:
        id: of the Marketing List.
        table: of its members.
        item: the permission.
        query: FetchXML of a dynamic list, which nobody is added to or removed from; None for a static one.
        former: names that the permission had before: its history goes on from theirs.
    """

    id: str
    table: str
    item: Item
    query: str | None = None
    former: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PermissionLists:
    """What was found.

    Attributes:
        lists: those that can be used.
        findings: what does not fit.
    """

    lists: tuple[PermissionList, ...] = ()
    findings: tuple[Finding, ...] = ()


def permission_list_tables(mapping: Mapping) -> tuple[str, ...]:
    """The tables of records whose permissions are kept in Marketing Lists."""
    found = (table for row in mapping.rows for table, expression in row.columns.items() if expression == _LIST)
    return tuple(dict.fromkeys(found))


def find_lists(
    mapping: Mapping,
    dataverse: Dataverse,
    fields: Fields,
    former: abc.Mapping[int, tuple[str, ...]] | None = None,
) -> PermissionLists:
    """The lists of a mapping.

    Args:
        mapping: the whole one.
        dataverse: where the lists are.
        fields: of Spotler.
        former: the names that only this permission had before and that none has now, by bit; None if they are not
            known, and then lists may be there without being found.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    rows = [(number, row) for number, row in enumerate(mapping.rows, start=1) if _LIST in row.columns.values()]
    items = {number: _items(row, fields) for number, row in rows}
    before = former or {}
    every = [item for each in items.values() for item in each]
    names = {item.name for item in every} | {name for item in every for name in before.get(item.bit, ())}
    try:
        found = _read(dataverse, names)
    except UnknownName:
        why = Sentence("@map(list) needs Marketing Lists, and this environment has none")
        remedy = Sentence("They come with a licence of Dynamics 365 Sales; use @map(permissions) instead.")
        return PermissionLists(findings=tuple(Finding(in_row(number), why, remedy) for number, _ in rows))
    lists: list[PermissionList] = []
    findings: list[Finding] = []
    for number, row in rows:
        findings += _renamed(number, row, items[number])
        for table in (table for table, expression in row.columns.items() if expression == _LIST):
            where = in_row(number, table)
            any_fits = False
            for item in items[number]:
                names_before = before.get(item.bit, ())
                fitting = found[table, key_of(item.name)] or [
                    each for name in names_before for each in found[table, key_of(name)]
                ]
                any_fits = any_fits or bool(fitting)
                if problem := _problem(fitting, item, table, where, row):
                    findings.append(problem)
                elif fitting:
                    lists.append(_list(fitting[0], table, item, names_before))
            if items[number] and not any_fits:
                why = Sentence("no active Marketing List of {table} has the name of a permission", table=table)
                remedy = Sentence("Create a static list for each permission.")
                findings.append(Finding(where, why, remedy, is_fatal=former is not None or bool(row.items)))
    return PermissionLists(tuple(lists), tuple(dict.fromkeys(findings)))


def _items(row: MappingRow, fields: Fields) -> abc.Sequence[Item]:
    """The permissions of a row, as Spotler has them."""
    field = fields.get(row.field) if row.field else None
    named = {key_of(name) for name in row.items}
    return [each for each in (field.options if field else ()) if not named or key_of(each.name) in named]


def _renamed(number: int, row: MappingRow, items: abc.Sequence[Item]) -> list[Finding]:
    """Permissions of the mapping that Spotler does not have, perhaps under this name: an opt-out would get lost."""
    there = {key_of(item.name) for item in items}
    remedy = Sentence("Give the list and the item the name that the permission has in Spotler now.")
    return [
        Finding(in_row(number), Sentence("Spotler has no permission {name}", name=name), remedy)
        for name in row.items
        if key_of(name) not in there
    ]


def _read(dataverse: Dataverse, names: abc.Collection[str]) -> abc.Mapping[tuple[str, str], list[Row]]:
    """The active lists with these names, by the table of their members and their name as it is compared."""
    found = defaultdict[tuple[str, str], list[Row]](list)
    for part in batched(sorted(names) or [""], PART, strict=False):
        for row in dataverse.query(
            MarketingList.SET,
            select=(
                MarketingList.ID, MarketingList.NAME, MarketingList.MEMBER_TYPE, MarketingList.DYNAMIC,
                MarketingList.QUERY, _LOCKED,
            ),
            filter=filters.and_(filters.eq(MarketingList.STATE, 0), filters.in_(MarketingList.NAME, part)),
        ):  # fmt: skip
            table = MEMBER_TABLES.get(int(str(row[MarketingList.MEMBER_TYPE])), "")
            found[table, key_of(str(row[MarketingList.NAME]))].append(row)
    return found


def _list(row: Row, table: str, item: Item, former: tuple[str, ...]) -> PermissionList:
    query = str(row.get(MarketingList.QUERY) or "") if row.get(MarketingList.DYNAMIC) is True else None
    return PermissionList(str(row[MarketingList.ID]).lower(), table, item, query, former)


def _problem(
    rows: abc.Sequence[Row], item: Item, table: str, where: str, mapped: MappingRow
) -> Finding | None:  # fmt: skip
    """Why the permission cannot be kept in these lists of its name; None if it can, or is left to Spotler."""
    if not rows:
        why = Sentence("no active Marketing List of {table} is called {name}", table=table, name=item.name)
        remedy = Sentence("Create a static list with this name, or activate it.")
        return Finding(where, why, remedy) if mapped.items else None
    if len(rows) > 1:
        why = Sentence(
            "several active Marketing Lists of {table} are called {name}, or as it was called before",
            table=table,
            name=item.name,
        )
        return Finding(where, why, Sentence("Rename or deactivate all but one."))
    if rows[0].get(MarketingList.DYNAMIC) is True:
        why = Sentence(
            "the Marketing List {name} is dynamic, so nobody can be added to it or removed from it", name=item.name
        )
        remedy = Sentence("Use a static list, or the direction ->.")
        return Finding(where, why, remedy) if mapped.direction.inward else None
    if rows[0].get(_LOCKED) is True:
        why = Sentence(
            "the Marketing List {name} is locked, so nobody can be added to it or removed from it", name=item.name
        )
        return Finding(where, why, Sentence("Unlock it."))
    return None
