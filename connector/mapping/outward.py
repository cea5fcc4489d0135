"""From a Dataverse record to a Spotler contact.

    plan(mapping, table)   once: which columns to read, which lookups to follow, what to do with them
    plan.contact(...)      per record: properties as they go over the wire, warnings, or why the record is skipped

The caller reads the record as the plan asks (with annotations) and sends the outcome. Nothing here calls another
system, except for the behaviour of a date column, which is read once (`Times.is_wall_clock`).
"""

from collections import abc
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from connector.dataverse.api.rows import Row
from connector.dataverse.names import Account, Contact, Flags, Lead
from connector.mapping.columns import Collection, Mapped, base_column
from connector.mapping.draft import SET, Draft, PermissionState
from connector.mapping.model import EMAIL, Mapping, MappingRow, Times
from connector.mapping.sources import Source, source_of
from connector.mapping.values import equals
from connector.outcomes import SKIPPED_FILTER, SKIPPED_NO_EMAIL
from connector.spotler import Fields

#: Columns that decide whether somebody may be mailed at all; read with every record, mapped or not.
FLAGS: Final = (Flags.DO_NOT_EMAIL, Flags.DO_NOT_BULK_EMAIL, Flags.STATE, Flags.STATUS)

_ID_COLUMNS: Final = {Contact.TABLE: Contact.ID, Lead.TABLE: Lead.ID, Account.TABLE: Account.ID}

#: What warnings call the place of a value that is not a column.
_SPECIAL: Final = "$value"


class Skipped(StrEnum):
    """Why a record is not sent; the result code of its job."""

    NO_EMAIL = SKIPPED_NO_EMAIL
    FILTER = SKIPPED_FILTER


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a record.

    Attributes:
        properties: internal name of each Spotler field and its value as it goes over the wire.
        warnings: sentences about what was left out, without values.
        skipped: why the record should not be sent; None if it should. It has properties all the same, for one that
            Spotler already knows: without an address it must lose that there too, excluded by a filter its permissions.
    """

    properties: abc.Mapping[str, object]
    warnings: tuple[str, ...] = ()
    skipped: Skipped | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    """One value of the record on its way to one field."""

    field: str
    item: str
    items: tuple[str, ...]
    column: str
    source: Source

    def take(self, record: Row, draft: Draft) -> None:
        field = draft.find(self.field)
        if field is None:
            return
        cell = self.source.read(record)
        if cell is None:
            draft.warn(f"The column {self.column} was not read with the record, so {field.name} was left out.")
        elif self.item and field.type == SET:
            draft.put_item(field, self.item, self.column, cell)
        elif self.item:
            draft.warn(f"The field {field.name} is not a list field, so its item {self.item} was not sent.")
        elif field.type == SET:
            draft.put_labels(field, self.items, self.column, cell)
        else:
            draft.put(field, self.column, cell)


@dataclass(frozen=True, slots=True)
class _Filter:
    """A column that must have a value for the record to be synced."""

    source: Source
    wanted: str

    def admits(self, record: Row) -> bool:
        cell = self.source.read(record)
        return cell is not None and equals(cell, self.wanted)


@dataclass(frozen=True, slots=True, eq=False)
class OutwardPlan:
    """How records of one table become Spotler contacts.

    Attributes:
        table: the logical name of the table.
        synced: whether the mapping syncs the table at all.
        select: the properties for `$select`, the key and the columns of `FLAGS` among them.
        expand: for `$expand`: the columns of the referred row, by navigation property.
        triggers: the columns whose change starts a sync.
    """

    table: str
    synced: bool
    select: tuple[str, ...]
    expand: abc.Mapping[str, tuple[str, ...]]
    triggers: frozenset[str]
    _steps: tuple[_Step, ...]
    _filters: tuple[_Filter, ...]
    _permissions: MappingRow | None
    _permission_fields: tuple[str, ...]
    _remarks: tuple[str, ...]
    _times: Times

    def contact(self, record: Row, permissions: abc.Sequence[PermissionState], fields: Fields) -> Outcome:
        """The Spotler contact of a record.

        Args:
            record: the row, read with `select`, `expand` and its annotations.
            permissions: the Spotler Permission rows of the record.
            fields: the account's fields.

        Raises:
            Invalid: the address has an invisible character in it; nobody could be mailed there.
            Transient: the behaviour of a date column cannot be read now.
        """
        if not self.synced or not all(each.admits(record) for each in self._filters):
            return self._excluded(fields)
        draft = Draft(fields, self._times.zone)
        for step in self._steps:
            step.take(record, draft)
        for remark in self._remarks:
            draft.warn(remark)
        if record.get(Flags.DO_NOT_BULK_EMAIL) is True:
            self._all_off(draft)
        elif self._permissions and (field := draft.find(self._permissions.field)):
            draft.put_permissions(field, self._permissions.items, permissions)
        draft.finish()
        return Outcome(
            draft.properties, tuple(draft.warnings), None if _has_address(draft.properties) else Skipped.NO_EMAIL
        )

    def _excluded(self, fields: Fields) -> Outcome:
        """All permissions off and nothing else."""
        draft = Draft(fields, self._times.zone)
        self._all_off(draft)
        draft.finish()
        return Outcome(draft.properties, tuple(draft.warnings), Skipped.FILTER)

    def _all_off(self, draft: Draft) -> None:
        """A refusal of bulk mail counts even where the mapping says nothing of permissions or only reads them."""
        for name in self._permission_fields:
            if field := draft.find(name):
                draft.put_all_off(field)


@lru_cache(maxsize=32)
def plan(mapping: Mapping, table: str) -> OutwardPlan:
    """The plan of a table (`contact`, `lead` or `account`), made once per mapping and table."""
    rows = [row for row in mapping.rows if table in row.columns] if mapping.syncs(table) else []
    steps: list[_Step] = []
    remarks: list[str] = []
    permissions = None
    for row in rows:
        expression = row.columns[table]
        source = source_of(expression, mapping, table)
        if row.field and row.direction.outward and source:
            steps.append(_Step(row.field, row.item, row.items, base_column(expression) or _SPECIAL, source))
        elif expression == Mapped(Collection.PERMISSIONS):
            permissions = row if row.direction.outward else None
        elif row.direction.outward and isinstance(expression, Mapped):
            remarks.append(f"The field {row.field} was not sent: @map({expression.collection}) is not available.")
    filters = _filters(mapping, rows, table)
    sources = [*(step.source for step in steps), *(each.source for each in filters)]
    return OutwardPlan(
        table=table,
        synced=bool(rows),
        select=_select(sources, table),
        expand=_expand(sources),
        triggers=_triggers(mapping, rows, table),
        _steps=tuple(steps),
        _filters=filters,
        _permissions=permissions,
        _permission_fields=mapping.permission_fields(table),
        _remarks=tuple(remarks),
        _times=mapping.times,
    )


def _has_address(properties: abc.Mapping[str, object]) -> bool:
    return any(value for name, value in properties.items() if name.casefold() == EMAIL)


def _filters(mapping: Mapping, rows: abc.Iterable[MappingRow], table: str) -> tuple[_Filter, ...]:
    found = ((source_of(row.columns[table], mapping, table), row.filter) for row in rows if row.filter)
    return tuple(_Filter(source, wanted) for source, wanted in found if source)


def _select(sources: abc.Iterable[Source], table: str) -> tuple[str, ...]:
    first = (*filter(None, [_ID_COLUMNS.get(table)]), *FLAGS)
    return tuple(dict.fromkeys([*first, *(key for source in sources for key in source.select)]))


def _expand(sources: abc.Iterable[Source]) -> dict[str, tuple[str, ...]]:
    wanted: dict[str, dict[str, None]] = {}
    for source in sources:
        for navigation, column in source.expand.items():
            wanted.setdefault(navigation, {})[column] = None
    return {navigation: tuple(columns) for navigation, columns in wanted.items()}


def _triggers(mapping: Mapping, rows: abc.Iterable[MappingRow], table: str) -> frozenset[str]:
    """Columns of filters and flags always count: they decide who may be mailed."""
    chosen = mapping.triggers.get(table)
    columns = {
        base_column(row.columns[table])
        for row in rows
        if row.filter or (chosen is None and row.field and row.direction.outward)
    }
    return frozenset(filter(None, columns)) | frozenset(chosen or ()) | frozenset(FLAGS)
