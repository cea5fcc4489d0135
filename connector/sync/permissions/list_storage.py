"""Permissions that are kept as membership of Marketing Lists: who is a member has agreed.

A membership only says since when it exists. What else there is to know of a permission is in the history of consent:

| Member | Newest entry of the history | The permission is |
|---|---|---|
| yes | none | on since the person was added: somebody added them |
| yes | on | on since then |
| yes | off, and the membership is newer than the entry | on: somebody added them since |
| yes | off, and the entry was written later | on, and about to be switched off: the removal did not succeed yet |
| no | off | off since then |
| no | on | off: somebody has removed them since |
| no | none | not known: there is no row |

So the history comes first when somebody is removed, and after the membership when somebody is added.

A permission that was renamed in Spotler has entries under both names, which are its history together.

A dynamic list has those whom its query finds, and says of nobody since when. Whoever comes into it counts as added at
that moment, unless the permission was withdrawn in another way than by leaving the list. Nobody is added or removed.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import Final, Self

from connector.consent import ConsentSource, Item, PermissionRow
from connector.consent.creation import NewRow
from connector.consent.history import Latest
from connector.consent.permissions import key_of
from connector.dataverse.api import (
    Dataverse,
    DataverseRefused,
    Membership,
    change_members,
    fetch_page,
    filters,
    lookup_id,
)
from connector.dataverse.names import ListMember, lookup_value
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Misconfigured, Refused
from connector.mapping import Mapping as FieldMapping
from connector.mapping.findings import first_of
from connector.mapping.permission_lists import PermissionList, PermissionLists, find_lists
from connector.services import Services
from connector.sync.lists.query import LARGEST_TOP, dynamic_query
from connector.sync.moments import read_moment
from connector.sync.permissions.former_names import former_names
from connector.sync.permissions.history import latest
from connector.sync.permissions.row_storage import permission_row_id
from connector.sync.permissions.storage import Problems, Switchable
from connector.words import Sentence

#: When somebody was added.
_ADDED_ON: Final = "createdon"


@dataclass(frozen=True, slots=True)
class _Member:
    """Somebody who is a member; of a dynamic list nobody knows since when."""

    since: datetime | None


@dataclass(frozen=True, slots=True)
class ListStorage:
    """The lists of the permissions of one table of records."""

    services: Services
    name: str
    lists: tuple[PermissionList, ...]
    explains_itself: bool = True

    @classmethod
    def of(cls, services: Services, table: str) -> Self:
        """The lists as they are now; they are remembered as long as the environment variables about permissions.

        Raises:
            Misconfigured: a list is missing, or cannot be used.
        """
        age = timedelta(seconds=services.settings.permission_variables_seconds)
        found = _remembered(services.dataverse, services.mapping).get(services, age)
        if fatal := [each for each in found.findings if each.is_fatal]:
            problems = Sentence.joined(*(each.sentence for each in fatal))
            raise Misconfigured(
                Sentence("The Marketing Lists of permissions do not fit the mapping. {problems}", problems=problems),
                advice="Correct the mapping or what it names; the work waits.",
                on_row=Sentence("The Marketing Lists of permissions do not fit: {why}.", why=first_of(fatal)),
            )
        for each in found.lists:
            _check_query(each)
        return cls(services, f"lists of {table}", tuple(each for each in found.lists if each.table == table))

    @property
    def former_names(self) -> Mapping[str, str]:
        """What the permissions of the lists were called before, with what they are called now."""
        return {name: each.item.name for each in self.lists for name in each.former}

    def items(self, items: Sequence[Item]) -> Sequence[Item]:
        """Those that have a list."""
        return [item for item in items if self._find(item.name, item.bit)]

    def row_id(self, record: RecordRef, permission: str) -> str:
        """Of the membership, which has no id before it exists."""
        return permission_row_id(record, permission)

    def read(self, ids: Collection[str]) -> Mapping[str, Sequence[PermissionRow]]:
        """What the members and the history say."""
        if not self.lists or not ids:
            return {}
        members = self._members(ids)
        records = [RecordRef(self.lists[0].table, each) for each in ids]
        histories = latest(self.services.dataverse, records, self.former_names)
        now = self.services.now()
        found = defaultdict[str, list[PermissionRow]](list)
        for record in records:
            for each in self.lists:
                entry = histories.get(record, {}).get(key_of(each.item.name))
                row = _row(
                    self.row_id(record, each.item.name), each.item, members.get((each.id, record.id)), entry, now
                )
                found[record.id] += [row] if row else []
        return found

    def create(self, rows: Sequence[tuple[RecordRef, NewRow]]) -> Problems:
        """Add those who have agreed. Who has not is no member: only the history says that it was asked."""
        wanted = [(record, each.name, each.bit) for record, each in rows if each.on]
        problems = iter(self._change(wanted, is_wanted=True))
        return [next(problems) if each.on else None for _, each in rows]

    def switch_off(self, switches: Sequence[Switchable]) -> Problems:
        """Remove people."""
        return self._change([(each.record, each.row.name, each.row.bit) for each in switches], is_wanted=False)

    def switch_on(self, switches: Sequence[Switchable]) -> Problems:
        """Add people."""
        return self._change([(each.record, each.row.name, each.row.bit) for each in switches], is_wanted=True)

    def note_edits(self, rows: Sequence[PermissionRow]) -> None:
        """Nothing: the history has it, and a membership has no place for it."""

    def _change(self, wanted: Sequence[tuple[RecordRef, str, int | None]], *, is_wanted: bool) -> Problems:
        lists = [self._find(name, bit) for _, name, bit in wanted]
        changes = [
            Membership(each.id, record.table, record.id, is_wanted)
            for (record, _, _), each in zip(wanted, lists, strict=True)
            if each is not None and each.query is None
        ]
        problems = iter(change_members(self.services.dataverse, changes))
        return [
            _no_list(name) if each is None else next(problems) if each.query is None else None
            for (_, name, _), each in zip(wanted, lists, strict=True)
        ]

    def takes(self, name: str, bit: int | None) -> bool:
        """Whether people can be added to its list."""
        found = self._find(name, bit)
        return found is None or found.query is None

    def _find(self, name: str, bit: int | None) -> PermissionList | None:
        named = (each for each in self.lists if key_of(each.item.name) == key_of(name))
        return next(named, None) or next((each for each in self.lists if each.item.bit == bit), None)

    def _members(self, ids: Collection[str]) -> Mapping[tuple[str, str], _Member]:
        """Who of these are members, by list and record."""
        found: dict[tuple[str, str], _Member] = {}
        if static := sorted(each.id for each in self.lists if each.query is None):
            found |= self._added(static, ids)
        for each in self.lists:
            if each.query is not None:
                found |= {(each.id, member): _Member(None) for member in self._selected(each, each.query, ids)}
        return found

    def _added(self, lists: Collection[str], ids: Collection[str]) -> Mapping[tuple[str, str], _Member]:
        rows = self.services.dataverse.query(
            ListMember.SET,
            select=(lookup_value(ListMember.LIST), lookup_value(ListMember.MEMBER), _ADDED_ON),
            filter=filters.and_(filters.in_(ListMember.LIST, lists), filters.in_(ListMember.MEMBER, sorted(ids))),
        )
        now = self.services.now()
        return {
            (str(lookup_id(row, ListMember.LIST)).lower(), str(lookup_id(row, ListMember.MEMBER)).lower()): _Member(
                read_moment(row.get(_ADDED_ON)) or now
            )
            for row in rows
        }

    def _selected(self, about: PermissionList, query: str, ids: Collection[str]) -> list[str]:
        """Whom the query of a dynamic list finds; one with `top` decides among all records, so it is asked as it is."""
        members = dynamic_query(query, about.table, ())
        text = members.page(1, LARGEST_TOP) if members.is_whole else members.only(sorted(ids))
        try:
            rows = fetch_page(self.services.dataverse, members.set_name, text, columns=members.columns).rows
        except DataverseRefused as refusal:
            raise _query_refused(about, refusal) from None
        found = {str(row[members.key]).lower() for row in rows}
        return [each for each in ids if each in found]


def _row(
    row_id: str, item: Item, member: _Member | None, entry: Latest | None, now: datetime
) -> PermissionRow | None:  # fmt: skip
    """A permission of a record, from its membership and its history."""
    if member is None and entry is None:
        return None
    added = member.since if member else None
    is_on = member is not None
    at, changed, modified = entry.at if entry else None, entry.at if entry else None, added
    if member is None:
        if entry is not None and entry.on:  # somebody has removed them since; when, nobody knows
            at, changed, modified = now, None, now
    elif entry is None:
        at, changed, modified = added or now, None, added or now
    elif not entry.on and added is None and not entry.by_person:
        is_on = False  # withdrawn, and still found by the query
    elif not entry.on:
        is_newer = added is not None and added > (entry.noted_on or entry.at)
        at, changed, modified = added or now, None, added if is_newer else None
    return PermissionRow(
        id=row_id,
        name=item.name,
        bit=item.bit,
        subscribed=is_on,
        source=ConsentSource.PERSON,
        at=at,
        changed_on=changed,
        modified_on=modified,
    )


def _check_query(about: PermissionList) -> None:
    """A query that cannot be read would silently leave everybody without the permission."""
    try:
        if about.query is not None:
            dynamic_query(about.query, about.table, ())
    except Refused as refusal:
        raise _query_refused(about, refusal) from None


def _query_refused(about: PermissionList, why: Refused) -> Misconfigured:
    return Misconfigured(
        Sentence(
            "The Marketing List of the permission {name} cannot be read: {problem}",
            name=about.item.name,
            problem=why.sentence,
        )
    )


def _no_list(name: str) -> ConnectorError:
    return Misconfigured(Sentence("No Marketing List keeps the permission {name}.", name=name))


def _find(services: Services) -> PermissionLists:
    fields = services.spotler.fields()
    former = former_names(services, fields.permissions.options if fields.permissions else ())
    return find_lists(services.mapping, services.dataverse, fields, former)


class _Remembered:
    """The lists as they were found last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: tuple[datetime, PermissionLists] | None = None

    def get(self, services: Services, age: timedelta) -> PermissionLists:
        """What was found within that time; else they are looked for, once for all threads that ask."""
        with self._lock:
            now = services.now()
            if self._last is None or now - self._last[0] >= age or self._last[1].findings:
                self._last = now, _find(services)
            return self._last[1]


@lru_cache(maxsize=8)
def _remembered(_dataverse: Dataverse, _mapping: FieldMapping) -> _Remembered:
    return _Remembered()
