"""Which records a message is about, and whether it starts a sync of them.

| Message | Items |
|---|---|
| Create, CreateMultiple | the records, as new ones; none for a table that the mapping does not sync |
| Update, UpdateMultiple, Upsert, UpsertMultiple | the records of which a column changed that starts a sync |
| SetState, SetStateDynamicEntity | the record: its state always starts a sync |
| Assign | the record, where the owner starts a sync |
| Delete | the record, as deleted |
| Merge | the record that stays, and the one that was merged into it |
| any of them about a Spotler Permission or a Periodiek | the record of the permission, before and after the change |
| a change of the state of a Marketing List, and its deletion | the list |
| AddMember, RemoveMember and their like | the members, where the mapping keeps permissions in lists (`@map(list)`) |

Which columns of a record start a sync is in the mapping (`OutwardPlan.triggers`). Where the mapping cannot be read,
every change does. A message that Dataverse cut for its size starts a sync of the record that it names.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from connector.dataverse.messages import Entity, EntityReference, Message
from connector.dataverse.messages.members import as_guid
from connector.dataverse.messages.reasons import Malformed
from connector.dataverse.names import Flags, ListMember, MarketingList
from connector.dataverse.permission_tables import SPOTLER_PERMISSION, PermissionTable
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.mapping import Mapping as RecordMapping, OutwardPlan, plan
from connector.mapping.permission_lists import permission_list_tables
from connector.routing.record_item import RecordItem, joined_items

_CREATIONS: Final = ("Create", "CreateMultiple")
_CHANGES: Final = ("Update", "UpdateMultiple", "Upsert", "UpsertMultiple")
_STATES: Final = ("SetState", "SetStateDynamicEntity")
_OF_MEMBERS: Final = frozenset({"AddMember", "AddListMembers", "RemoveMember", "RemoveListMembers"})
_OF_ROWS: Final = frozenset({*_CREATIONS, *_CHANGES, *_STATES, "Assign", "Delete"})

_OF_RECORDS: Final = _OF_ROWS | {"Merge"}

#: What operations change whose messages do not list the columns.
_COLUMNS_OF: Final = {**dict.fromkeys(_STATES, (Flags.STATE, Flags.STATUS)), "Assign": ("ownerid",)}


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a message.

    Attributes:
        id: its id.
        columns: what changed; None where the message does not say it.
        entity: the values that the message has of it.
    """

    id: str
    columns: Collection[str] | None
    entity: Entity | None = None


def record_items(
    message: Message, mapping: RecordMapping | None, now: datetime, periodiek: PermissionTable | None = None
) -> list[RecordItem] | None:
    """The records of which a message starts a sync, each once.

    Args:
        message: what Dataverse posted.
        mapping: which columns start a sync; None where that is not known.
        now: the present, in UTC.
        periodiek: the table of Periodieken; None where there is none.

    Returns:
        the items; None where the connector does not handle such a message of the table.

    Raises:
        Malformed: the message does not say which record it is about.
    """
    table, operation = message.table, message.message_name
    permissions = {each.table: each for each in (SPOTLER_PERMISSION, periodiek) if each is not None}
    if table in RECORD_TABLES and operation in _OF_RECORDS:
        return joined_items(_of_record(message, mapping, now))
    if table in permissions and operation in _OF_ROWS:
        return joined_items(_of_permission(message, permissions[table], now))
    if table == MarketingList.TABLE and operation in _OF_MEMBERS:
        return joined_items(_of_members(message, mapping, now))
    if table == MarketingList.TABLE and operation in _OF_ROWS:
        return joined_items(_of_list(message, now))
    return None


def _of_record(message: Message, mapping: RecordMapping | None, now: datetime) -> Iterator[RecordItem]:
    known = plan(mapping, message.table) if mapping is not None else None
    for row in _rows(message, RECORD_TABLES[message.table].id_column):
        record = RecordRef(message.table, row.id)
        if message.message_name == "Delete":
            yield RecordItem(record=record, deleted=True, first_seen=now)
        elif message.message_name in _CREATIONS or message.is_new is True:
            if known is None or known.synced:
                yield RecordItem(record=record, created=True, first_seen=now)
        elif known is None or row.columns is None or not known.triggers.isdisjoint(row.columns):
            yield RecordItem(record=record, columns=_changed(row, known), first_seen=now)
    if message.message_name == "Merge":
        if message.subordinate_id is None:
            raise Malformed("The message does not say which record was merged into another one.")
        yield RecordItem(record=RecordRef(message.table, message.subordinate_id), first_seen=now)


def _changed(row: _Row, known: OutwardPlan | None) -> tuple[str, ...]:
    """The columns that somebody changed and that start a sync."""
    return tuple(sorted(known.triggers & set(row.columns))) if known is not None and row.columns is not None else ()


def _of_permission(message: Message, table: PermissionTable, now: datetime) -> Iterator[RecordItem]:
    images = (*message.pre_images.values(), *message.post_images.values())
    for row in _rows(message, table.id):
        is_creation = message.message_name in _CREATIONS
        if not is_creation and row.columns is not None and set(table.watched).isdisjoint(row.columns):
            continue
        values = [each for each in (row.entity, *images) if each is not None]
        records = sorted({record for each in values for record in _records_of(each, table)})
        yield from (RecordItem(record=record, first_seen=now) for record in records)
        if message.message_name == "Delete":
            _check_owner(records, values, table)
        elif not records and not (is_creation and row.entity is not None and _is_of_nobody(row.entity, table)):
            # An image may have been registered without the columns that say whose it is.
            yield RecordItem(permission=row.id, first_seen=now)


def _check_owner(records: Collection[RecordRef], values: Collection[Entity], table: PermissionTable) -> None:
    """Refuse the deletion of a permission that does not say whose it was, because the row cannot be read any more."""
    if not records and not values:
        raise Malformed("The deletion of a permission does not say whose it was: its step has no pre-image.")
    if not records and not all(_is_of_nobody(each, table) for each in values):
        raise Malformed("The deletion of a permission does not say whose it was in a form that is known.")


def _is_of_nobody(entity: Entity, table: PermissionTable) -> bool:
    """Whether the permission belongs to no record; an owner that cannot be read is one."""
    return all(entity.attributes.get(column) is None for column in table.owners)


def _of_list(message: Message, now: datetime) -> Iterator[RecordItem]:
    """The lists that may have to leave Spotler; what else changes of a list waits for its next sync."""
    is_deletion = message.message_name == "Delete"
    if message.message_name in _CREATIONS or message.is_new is True:
        return
    for row in _rows(message, MarketingList.ID):
        if is_deletion or row.columns is None or MarketingList.STATE in row.columns:
            yield RecordItem(record=RecordRef(MarketingList.TABLE, row.id), deleted=is_deletion, first_seen=now)


def _of_members(message: Message, mapping: RecordMapping | None, now: datetime) -> Iterator[RecordItem]:
    """The records whose membership may be a permission; of which table they are is found out when they are read."""
    tables = permission_list_tables(mapping) if mapping is not None else RECORD_TABLES
    for member in message.members:
        yield from (RecordItem(record=RecordRef(table, member), first_seen=now) for table in tables)
    if tables and not message.members:
        if message.record_id is None:
            raise Malformed("The message does not say whose members changed.")
        record = RecordRef(MarketingList.TABLE, message.record_id)
        yield RecordItem(record=record, columns=(ListMember.TABLE,), first_seen=now)


def _records_of(entity: Entity, table: PermissionTable) -> Iterator[RecordRef]:
    for column, owner in table.owners.items():
        value = entity.attributes.get(column)
        if isinstance(value, EntityReference) and value.id:
            yield RecordRef(owner, value.id)


def _rows(message: Message, id_column: str) -> list[_Row]:
    """The rows that a message is about.

    Raises:
        Malformed: it names none, does not say which rows it is about, or one of them is of another table.
    """
    named = message.targets or ([message.target] if message.target is not None else [])
    if any(each.table not in ("", message.table) for each in named):
        raise Malformed("The message has a row of another table than its own.")
    if message.targets:
        return [_row(each, id_column) for each in message.targets]
    if message.record_id is None:
        raise Malformed("The message does not say which record it is about.")
    entity = message.target if isinstance(message.target, Entity) and not message.truncated else None
    # What a merge writes on the record that stays is in a parameter of its own, so it always counts as changed.
    is_known = entity is not None and message.message_name != "Merge"
    columns = _COLUMNS_OF.get(message.message_name, entity.attributes.keys() if entity and is_known else None)
    return [_Row(message.record_id, columns, entity)]


def _row(entity: Entity, id_column: str) -> _Row:
    row_id = entity.id or as_guid(entity.attributes.get(id_column))
    if row_id is None:
        raise Malformed("A row of the message has no id.")
    return _Row(row_id, entity.attributes.keys(), entity)
