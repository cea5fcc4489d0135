"""From a Dataverse record to a Spotler contact.

    plan(mapping, table)   once: which columns to read, which lookups to follow, what to do with them
    plan.contact(...)      per record: properties as they go over the wire, warnings, or why the record is skipped

The caller reads the record as the plan asks (with annotations) and sends the outcome. Nothing here calls another
system, except for the behaviour of a date column, which is read once (`Times.is_wall_clock`).
"""

from collections import abc
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from connector.consent import Decision, Fate
from connector.dataverse.api.rows import Row
from connector.dataverse.names import Account, Contact, Flags, Lead
from connector.mapping.columns import KEPT_AS_ROWS, base_column
from connector.mapping.draft import Draft
from connector.mapping.model import EMAIL, Mapping, MappingRow, Times
from connector.mapping.sources import Source, source_of
from connector.mapping.steps import FieldStep
from connector.mapping.values import equals
from connector.spotler import Fields

#: Columns that decide whether somebody may be mailed at all; read with every record, mapped or not.
FLAGS: Final = (Flags.DO_NOT_EMAIL, Flags.DO_NOT_BULK_EMAIL, Flags.STATE, Flags.STATUS)

_ID_COLUMNS: Final = {Contact.TABLE: Contact.ID, Lead.TABLE: Lead.ID, Account.TABLE: Account.ID}

#: What warnings call the place of a value that is not a column.
_SPECIAL: Final = "$value"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a record.

    Attributes:
        properties: internal name of each Spotler field and its value as it goes over the wire.
        warnings: sentences about what was left out, without values.
        hidden: whether Spotler does not show a field in which a permission has to be switched off.
        lost_refusals: permissions that are off but could not be sent, because Spotler has none with that name or bit.
    """

    properties: abc.Mapping[str, object]
    warnings: tuple[str, ...] = ()
    hidden: bool = False
    lost_refusals: int = 0


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
    _steps: tuple[FieldStep, ...]
    _filters: tuple[_Filter, ...]
    _permissions: MappingRow | None
    _permission_fields: tuple[str, ...]
    _times: Times

    @property
    def deciding(self) -> tuple[str, ...] | None:
        """The part of `select` that decides whether a record is sent; None where a referred row decides too."""
        sources = [step.source for step in self._address_steps] + [each.source for each in self._filters]
        return None if any(source.expand for source in sources) else _select(sources, self.table)

    @property
    def is_filtered(self) -> bool:
        """Whether values of records decide whether they are sent, besides the address and the flags."""
        return bool(self._filters)

    def admits(self, record: Row) -> bool:
        """Whether the mapping syncs the table, and no filter excludes the record."""
        return self.synced and all(each.admits(record) for each in self._filters)

    def has_address(self, record: Row) -> bool:
        """Whether the record has something to send as its e-mail address; what was not read counts as filled."""
        cells = [step.source.read(record) for step in self._address_steps]
        return not cells or any(cell is None or not cell.is_empty for cell in cells)

    @property
    def _address_steps(self) -> tuple[FieldStep, ...]:
        return tuple(step for step in self._steps if step.field.casefold() == EMAIL)

    def contact(self, record: Row, decision: Decision, fields: Fields) -> Outcome:
        """The Spotler contact of a record.

        Args:
            record: the row, read with `select`, `expand` and its annotations.
            decision: what consent says about it. Of one that is not sent, only the permissions are written.
            fields: the account's fields.

        Raises:
            Invalid: the address has an invisible character in it; nobody could be mailed there.
            Transient: the behaviour of a date column cannot be read now.
        """
        draft = Draft(fields, self._times.zone)
        if decision.fate is Fate.SENT:
            for step in self._steps:
                step.take(record, draft)
        hidden, lost = False, 0
        for name, items in self._permission_targets(decision):
            if field := draft.find(name):
                lost += draft.put_permissions(field, items, decision)
            else:
                hidden = decision.withdraws
        draft.finish()
        return Outcome(draft.properties, tuple(draft.warnings), hidden=hidden, lost_refusals=lost)

    def _permission_targets(self, decision: Decision) -> abc.Sequence[tuple[str, abc.Collection[str]]]:
        """The fields in which permissions are switched, with the items that may be touched.

        That all are off counts even where the mapping says nothing of permissions or only reads them.
        """
        if decision.all_off is not None:
            return [(name, ()) for name in self._permission_fields]
        return [(self._permissions.field, self._permissions.items)] if self._permissions else []


@lru_cache(maxsize=32)
def plan(mapping: Mapping, table: str) -> OutwardPlan:
    """The plan of a table (`contact`, `lead` or `account`), made once per mapping and table."""
    rows = [row for row in mapping.rows if table in row.columns] if mapping.syncs(table) else []
    steps: list[FieldStep] = []
    permissions = None
    for row in rows:
        expression = row.columns[table]
        source = source_of(expression, mapping, table)
        if row.field and row.direction.outward and source:
            steps.append(FieldStep(row.field, row.item, row.items, base_column(expression) or _SPECIAL, source))
        elif expression in KEPT_AS_ROWS:
            permissions = row if row.direction.outward else None
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
        _times=mapping.times,
    )


def _filters(mapping: Mapping, rows: abc.Iterable[MappingRow], table: str) -> tuple[_Filter, ...]:
    found = ((source_of(row.columns[table], mapping, table), row.filter) for row in rows if row.filter)
    return tuple(_Filter(source, wanted) for source, wanted in found if source)


def _select(sources: abc.Iterable[Source], table: str) -> tuple[str, ...]:
    first = (*filter(None, [_ID_COLUMNS.get(table)]), *FLAGS, Flags.MERGED)
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
