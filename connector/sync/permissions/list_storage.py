"""Permissions that are kept as membership of static Marketing Lists: who is a member has agreed.

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
from connector.dataverse.api import Dataverse, Membership, change_members, filters, lookup_id
from connector.dataverse.names import ListMember, lookup_value
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Misconfigured
from connector.mapping import Mapping as FieldMapping
from connector.mapping.permission_lists import PermissionList, PermissionLists, find_lists
from connector.services import Services
from connector.sync.moments import read_moment
from connector.sync.permissions.history import latest
from connector.sync.permissions.row_storage import permission_row_id
from connector.sync.permissions.storage import Problems, Switchable

#: When somebody was added.
_ADDED_ON: Final = "createdon"


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
        if problems := " ".join(str(each) for each in found.findings if each.is_fatal):
            raise Misconfigured(f"The Marketing Lists of permissions do not fit the mapping. {problems}")
        return cls(services, f"lists of {table}", tuple(each for each in found.lists if each.table == table))

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
        added = self._members(ids)
        records = [RecordRef(self.lists[0].table, each) for each in ids]
        histories = latest(self.services.dataverse, records)
        now = self.services.now()
        found = defaultdict[str, list[PermissionRow]](list)
        for record in records:
            for each in self.lists:
                entry = histories.get(record, {}).get(key_of(each.item.name))
                row = _row(self.row_id(record, each.item.name), each.item, added.get((each.id, record.id)), entry, now)
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
            if each is not None
        ]
        problems = iter(change_members(self.services.dataverse, changes))
        return [
            _no_list(name) if each is None else next(problems) for (_, name, _), each in zip(wanted, lists, strict=True)
        ]

    def _find(self, name: str, bit: int | None) -> PermissionList | None:
        named = (each for each in self.lists if key_of(each.item.name) == key_of(name))
        return next(named, None) or next((each for each in self.lists if each.item.bit == bit), None)

    def _members(self, ids: Collection[str]) -> Mapping[tuple[str, str], datetime]:
        """Since when records are members, by list and record."""
        rows = self.services.dataverse.query(
            ListMember.SET,
            select=(lookup_value(ListMember.LIST), lookup_value(ListMember.MEMBER), _ADDED_ON),
            filter=filters.and_(
                filters.in_(ListMember.LIST, sorted(each.id for each in self.lists)),
                filters.in_(ListMember.MEMBER, sorted(ids)),
            ),
        )
        now = self.services.now()
        return {
            (str(lookup_id(row, ListMember.LIST)).lower(), str(lookup_id(row, ListMember.MEMBER)).lower()): (
                read_moment(row.get(_ADDED_ON)) or now
            )
            for row in rows
        }


def _row(
    row_id: str, item: Item, added: datetime | None, entry: Latest | None, now: datetime
) -> PermissionRow | None:  # fmt: skip
    """A permission of a record, from its membership and its history."""
    if added is None and entry is None:
        return None
    at, changed, modified = entry.at if entry else None, entry.at if entry else None, added
    if added is None:
        if entry is not None and entry.on:  # somebody has removed them since; when, nobody knows
            at, changed, modified = now, None, now
    elif entry is None or not entry.on:
        since = entry.noted_on or entry.at if entry else None
        is_newer = since is None or added > since
        at, changed, modified = added, None, added if is_newer else None
    return PermissionRow(
        id=row_id,
        name=item.name,
        bit=item.bit,
        subscribed=added is not None,
        source=ConsentSource.PERSON,
        at=at,
        changed_on=changed,
        modified_on=modified,
    )


def _no_list(name: str) -> ConnectorError:
    return Misconfigured(f"No Marketing List keeps the permission {name}.")


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
                self._last = now, find_lists(services.mapping, services.dataverse, services.spotler.fields())
            return self._last[1]


@lru_cache(maxsize=8)
def _remembered(_dataverse: Dataverse, _mapping: FieldMapping) -> _Remembered:
    return _Remembered()
