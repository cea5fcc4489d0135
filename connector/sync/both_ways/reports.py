"""What a contact in Spotler says about consent, and the rows of Spotler Permission that follow from it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from connector.consent import KnownState, PermissionRow, ShownContact, SpotlerReport, known_after, report
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.services import Services
from connector.spotler import Field, Fields, SpotlerContact
from connector.sync.both_ways.switches import shown_permissions
from connector.sync.permissions.rows import PermissionRows
from connector.sync.records import Record

#: The channel through which mail goes.
EMAIL_CHANNEL = "EMAIL"


def shown(
    record: Record, contact: SpotlerContact, fields: Fields, field: Field | None, seen_on: datetime
) -> ShownContact:  # fmt: skip
    """A contact as consent looks at it.

    Args:
        record: whose contact it is.
        contact: as Spotler shows it.
        fields: the fields of the account.
        field: the one with the permissions that rows are kept of; None where there is none.
        seen_on: when Spotler was asked.
    """
    return ShownContact(
        states=shown_permissions(contact, fields, field.name) if field is not None else {},
        seen_on=seen_on,
        changed_on=contact.last_changed,
        reachable=contact.channels.get(EMAIL_CHANNEL),
        bounced=record.has_bounced,
    )


def reported(
    record: Record,
    contact: ShownContact,
    field: Field | None,
    *,
    sent: Mapping[int, KnownState] | None = None,
    others: Mapping[int, bool] | None = None,
) -> tuple[Record, dict[int, KnownState]]:
    """A record with what its contact says about consent, and what is known of the permissions then.

    Args:
        record: as it was read.
        contact: as Spotler shows it.
        field: the one with the permissions; None where there is none.
        sent: what this worker has sent since the record was read before, by bit.
        others: what other workers may have sent at the same time, by bit: that says nothing about the person.
    """
    known = {**record.last.permissions, **(sent or {})}
    if field is None:
        return record, known
    for bit, on in (others or {}).items():
        if contact.states.get(bit) is on:
            known[bit] = KnownState(on, contact.seen_on)
    claimed = {option.bit for option in field.options if _claim(record.rows_of(option.name, option.bit))}
    said = report(contact, field.options, known, claimed=claimed)
    return record.reporting(said), known_after(contact, known)


def is_news(said: SpotlerReport) -> bool:
    """Whether a report has something that was not known."""
    return bool(said.permissions) or said.opted_out


def _claim(rows: Sequence[PermissionRow]) -> bool:
    """Whether the rows of one permission say that it is on: where one refuses, it is off whatever Spotler shows."""
    return any(row.subscribed for row in rows) and not any(row.refuses for row in rows)


def apply(services: Services, records: Sequence[Record]) -> dict[RecordRef, Record | ConnectorError]:
    """Write the rows of Spotler Permission that Spotler switched off or on, and those that are missing.

    Returns:
        each record as it is then, or why a row could not be written.
    """
    rows = PermissionRows(services)
    found = rows.ensure(records, known={record.ref: record.last.permissions for record in records})
    return found | rows.apply([each for each in found.values() if isinstance(each, Record)])
