"""Permissions that are kept as rows beside the record: Spotler Permission, or Periodieken of Engage 365."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid5

from connector.consent import Item, PermissionRow
from connector.consent.creation import NewRow
from connector.consent.permissions import key_of
from connector.dataverse.api import BatchRequest, Keyed, Row, filters
from connector.dataverse.choices import ChangedBy, ConsentCause
from connector.dataverse.names import Permission
from connector.dataverse.permission_tables import PermissionTable
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.dataverse.texts import cut
from connector.services import Services
from connector.sync.permissions.row import columns_of, read_row
from connector.sync.permissions.storage import Problems, Switchable

#: Makes the ids; never changed, or a row could exist twice.
_NAMESPACE: Final = UUID("6d0c1f0e-3b1c-5f2a-9a53-5d6f0d9a7c11")


def permission_row_id(record: RecordRef, permission: str) -> str:
    """The id of the row of a permission that the connector creates."""
    return str(uuid5(_NAMESPACE, f"{record.id}:{key_of(permission)}"))


@dataclass(frozen=True, slots=True)
class RowStorage:
    """The rows of one table of permissions, of records of one table."""

    services: Services
    table: PermissionTable
    record_table: str
    explains_itself: bool = False

    @property
    def name(self) -> str:
        """The table of permissions."""
        return self.table.table

    @property
    def former_names(self) -> Mapping[str, str]:
        """None: where a permission is renamed, its rows and their history follow."""
        return {}

    def items(self, items: Sequence[Item]) -> Sequence[Item]:
        """All of them."""
        return items

    def row_id(self, record: RecordRef, permission: str) -> str:
        """Made of the record and the name of the permission."""
        return permission_row_id(record, permission)

    def read(self, ids: Collection[str]) -> Mapping[str, Sequence[PermissionRow]]:
        """The rows of these records."""
        lookup = self.table.lookup(self.record_table)
        rows = self.services.dataverse.query(
            self.table.set,
            select=(*columns_of(self.table), lookup.value),
            filter=filters.in_(lookup.column, sorted(ids)),
        )
        by_record = defaultdict(list)
        for row in rows:
            by_record[str(row[lookup.value]).lower()].append(read_row(self.services, row, self.table))
        return by_record

    def create(self, rows: Sequence[tuple[RecordRef, NewRow]]) -> Problems:
        """All in one write."""
        results = self.services.dataverse.create_multiple(self.table, [self._new(*each) for each in rows])
        return [result.error for result in results]

    def switch_off(self, switches: Sequence[Switchable]) -> Problems:
        """Never bound to a version, so that no state of a row forbids a withdrawal."""
        results = self.services.dataverse.update_multiple(
            self.table, [Keyed(each.row.id, self._switched(each, on=False)) for each in switches]
        )
        return [result.error for result in results]

    def switch_on(self, switches: Sequence[Switchable]) -> Problems:
        """Only the version that was read."""
        answers = self.services.dataverse.batch(
            [
                BatchRequest.update(
                    self.table.set, each.row.id, self._switched(each, on=True), if_match=each.row.version
                )
                for each in switches
            ]
        )
        return [answer.error for answer in answers]

    def takes(self, name: str, bit: int | None) -> bool:  # noqa: ARG002 - every row can be switched on
        """Every one."""
        return True

    def note_edits(self, rows: Sequence[PermissionRow]) -> None:
        """Whoever changes a row meanwhile is noticed with the next sync."""
        if rows and self.table.changed_on:
            self.services.dataverse.batch(
                [
                    BatchRequest.update(
                        self.table.set, row.id, self._traces(row.at, ChangedBy.DYNAMICS), if_match=row.version
                    )
                    for row in rows
                    if row.at
                ]
            )

    def _new(self, record: RecordRef, new: NewRow) -> Row:
        by = ChangedBy.SPOTLER if new.cause in (ConsentCause.FEED, ConsentCause.FORM) else ChangedBy.DYNAMICS
        bit = {self.table.bit: new.bit} if self.table.bit else {}
        navigation = self.table.lookup(record.table).navigation
        return {
            self.table.id: permission_row_id(record, new.name),
            self.table.name: cut(new.name, 200),
            self.table.subscribed: new.on,
            **bit,
            **self._traces(new.at, by),
            f"{navigation}@odata.bind": f"/{RECORD_TABLES[record.table].set_name}({record.id})",
        }

    def _switched(self, switch: Switchable, *, on: bool) -> Row:
        active = {Permission.STATE: 0, Permission.STATUS: 1} if on and not switch.row.is_active else {}
        return {self.table.subscribed: on, **self._traces(switch.at, switch.changed_by), **active}

    def _traces(self, at: datetime, by: ChangedBy) -> dict[str, object]:
        """What a row says of its last switch, as far as the table has columns for it."""
        columns = {
            self.table.changed_on: at.astimezone(UTC).isoformat(timespec="seconds"),
            self.table.changed_by: by.value,
        }
        return {name: value for name, value in columns.items() if name is not None}
