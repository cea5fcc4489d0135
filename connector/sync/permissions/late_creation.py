"""A record that was synced before the message about its creation came: its rows become those of a new record.

A job that syncs a record takes it for an older one, so the rows that it makes are off. When Dataverse's message about
the creation comes after that, the environment variables count for rows that nothing else has happened to since.

| About the permission, the history says | The row | The variables subscribe new records | Then |
|---|---|---|---|
| only that it was off at the first sync, within a day | as it was then | yes | it is switched on, since then |
| anything else | | | it stays off |
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from connector.consent import Change, PermissionRow, Reason
from connector.consent.creation import Variables
from connector.consent.permissions import key_of
from connector.dataverse.choices import ConsentCause
from connector.dataverse.records import RecordRef
from connector.sync.permissions.row_states import is_about
from connector.sync.permissions.switch import Switch
from connector.sync.records import Record

#: How long after the first sync the message about the creation may come.
LATE: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)


def has_rows_that_are_off(record: Record) -> bool:
    """Whether the record has any."""
    return any(row.refuses for row in record.facts.rows)


def opt_ins_of_creation(
    records: Iterable[Record],
    variables: Variables,
    first_syncs: Mapping[RecordRef, Mapping[str, datetime]],
    refused: Mapping[RecordRef, Sequence[PermissionRow]],
    now: datetime,
) -> list[Switch]:
    """The rows of records made in Dynamics just now that are switched on.

    Args:
        records: as they were read.
        variables: what the environment variables say.
        first_syncs: since when permissions are off of which the history says nothing else, by name as it is compared.
        refused: rows of the lead that a record was made of, which refuse.
        now: the present.
    """
    return [
        Switch(record.ref, row, on=True, at=since + _SECOND, cause=ConsentCause.CREATION, evidence=f"Row {row.id}")
        for record in records
        if record.decision.all_off in (None, Reason.NO_ADDRESS) and not record.facts.spotler.opted_out
        for row in record.facts.rows
        if variables.subscribes(row.name)
        and (since := first_syncs.get(record.ref, {}).get(key_of(row.name))) is not None
        and now - since < LATE
        and row.is_active
        and row.refuses
        and row.at == since
        and record.rows_of(row.name, row.bit) == (row,)
        and not any(is_about(each, row.name, row.bit, ()) for each in refused.get(record.ref, ()))
    ]


def refused_lately(rows: Iterable[PermissionRow], now: datetime) -> list[PermissionRow]:
    """The rows that are off, as long as the message about the creation of their record may come."""
    return [row for row in rows if row.refuses and row.at is not None and now - row.at < LATE]


def refusals_of(
    record: RecordRef, rows: Iterable[PermissionRow], cause: ConsentCause, evidence: str, now: datetime
) -> list[Change]:
    """The entries about a refusal of what is off already, as long as the message about the creation may come."""
    return [
        Change(record, row.name, before=False, after=False, at=now, cause=cause, evidence=evidence)
        for row in refused_lately(rows, now)
    ]
