"""Reading contacts, leads and accounts with everything that decides what Spotler may get to know of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from connector.dataverse.api import Row, filters
from connector.dataverse.names import Account, Contact, Flags, Info, Lead, Permission, lookup_value
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.mapping import PermissionState, plan
from connector.services import Services

#: The lookup of Spotler Permission (and of Spotler Info) that belongs to each table.
PERMISSION_LOOKUPS = {Contact.TABLE: Permission.CONTACT, Lead.TABLE: Permission.LEAD, Account.TABLE: Permission.ACCOUNT}


@dataclass(frozen=True, slots=True)
class Record:
    """One contact, lead or account.

    Attributes:
        row: the columns that the mapping needs.
        name: what users call it.
        permissions: its Spotler Permission rows.
        subscriptions: the ids of those rows that are subscribed, with the names of the permissions.
        is_known: whether Spotler has a contact for it, as far as we know.
        sent_hash: the hash of what was last sent, empty if nothing was.
        exists: whether it is in Dataverse; of one that was deleted only the id is left.
    """

    ref: RecordRef
    row: Row
    name: str
    permissions: Sequence[PermissionState] = ()
    subscriptions: Mapping[str, str] = field(default_factory=dict)
    is_known: bool = False
    sent_hash: str = ""
    exists: bool = True

    @classmethod
    def deleted(cls, ref: RecordRef) -> Self:
        """What is left of a record that is not in Dataverse any more."""
        return cls(ref, {}, "", exists=False)

    def rows_of(self, permission: str) -> Sequence[str]:
        """The ids of the rows that subscribe it to a permission."""
        return [row for row, name in self.subscriptions.items() if name.casefold() == permission.casefold()]

    def without(self, permission: str) -> Self:
        """The record as it is once these rows are switched off."""
        gone = {*self.rows_of(permission)}
        return replace(
            self,
            permissions=tuple(
                replace(each, subscribed=False) if each.name.casefold() == permission.casefold() else each
                for each in self.permissions
            ),
            subscriptions={row: name for row, name in self.subscriptions.items() if row not in gone},
        )

    @property
    def is_active(self) -> bool:
        """Whether it is not deactivated. A qualified lead is: it goes on as a contact."""
        return self.row.get(Flags.STATE) == 0

    @property
    def do_not_bulk_email(self) -> bool:
        """Whether nothing may be mailed to it that goes to many."""
        return self.row.get(Flags.DO_NOT_BULK_EMAIL) is True

    @property
    def do_not_email(self) -> bool:
        """Whether nothing at all may be mailed to it."""
        return self.row.get(Flags.DO_NOT_EMAIL) is True


class RecordReader:
    """Reads records, all at once: one query for Spotler Info, and per table one for rows and one for permissions."""

    def __init__(self, services: Services) -> None:
        self._dataverse = services.dataverse
        self._mapping = services.mapping
        self._pool = services.side_pool

    def read(self, refs: Collection[RecordRef]) -> dict[RecordRef, Record]:
        """The records that exist."""
        if not refs:
            return {}
        by_table = defaultdict(list)
        for ref in sorted(refs):
            by_table[ref.table].append(ref.id)
        asked_infos = self._pool.submit(self._infos, [ref.id for ref in refs])
        asked = {
            table: (self._pool.submit(self._permissions, table, ids), self._pool.submit(self._rows, table, ids))
            for table, ids in by_table.items()
        }
        infos = asked_infos.result()
        records: dict[RecordRef, Record] = {}
        for table, (asked_permissions, asked_rows) in asked.items():
            permissions = asked_permissions.result()
            for row in asked_rows.result():
                ref = RecordRef(table, str(row[RECORD_TABLES[table].id_column]).lower())
                info = infos.get(ref.id, {})
                records[ref] = Record(
                    ref=ref,
                    row=row,
                    name=str(row.get(RECORD_TABLES[table].name_column) or ""),
                    permissions=_states(permissions.get(ref.id, ())),
                    subscriptions={
                        str(each[Permission.ID]): _name(each)
                        for each in permissions.get(ref.id, ())
                        if each.get(Permission.SUBSCRIBED) is True
                    },
                    is_known=bool(info.get(Info.SENT_HASH)),
                    sent_hash=str(info.get(Info.SENT_HASH) or ""),
                )
        return records

    def _rows(self, table: str, ids: Sequence[str]) -> list[Row]:
        names = RECORD_TABLES[table]
        outward = plan(self._mapping, table)
        return self._dataverse.query(
            names.set_name,
            select=sorted({*outward.select, names.id_column, names.name_column}),
            expand=[f"{navigation}($select={','.join(columns)})" for navigation, columns in outward.expand.items()],
            filter=filters.in_(names.id_column, ids),
            annotations=True,
        )

    def _infos(self, ids: Sequence[str]) -> Mapping[str, Row]:
        rows = self._dataverse.query(
            Info.SET, select=(Info.RECORD, Info.SENT_HASH), filter=filters.in_(Info.RECORD, sorted(ids))
        )
        return {str(row[Info.RECORD]).lower(): row for row in rows}

    def _permissions(self, table: str, ids: Iterable[str]) -> Mapping[str, Sequence[Row]]:
        """The active permission rows of each record."""
        lookup = lookup_value(PERMISSION_LOOKUPS[table])
        rows = self._dataverse.query(
            Permission.SET,
            select=(Permission.ID, Permission.NAME, Permission.SUBSCRIBED, lookup),
            filter=filters.and_(filters.eq("statecode", 0), filters.in_(PERMISSION_LOOKUPS[table], sorted(ids))),
        )
        by_record = defaultdict(list)
        for row in rows:
            by_record[str(row[lookup]).lower()].append(row)
        return by_record


def _states(rows: Iterable[Row]) -> Sequence[PermissionState]:
    """The permissions of one record; of two rows with one name, "not subscribed" is the stronger."""
    states: dict[str, PermissionState] = {}
    for row in rows:
        name = _name(row)
        held = states.get(name.casefold())
        subscribed = row.get(Permission.SUBSCRIBED) is True and (held is None or held.subscribed)
        states[name.casefold()] = PermissionState(name, subscribed)
    return tuple(states.values())


def _name(row: Row) -> str:
    return str(row.get(Permission.NAME) or "").strip()
