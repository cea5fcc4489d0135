"""What a contact in Spotler says about consent, and the rows of Spotler Permission that follow from it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from connector.consent import KnownState, Reason, ShownContact, SpotlerReport, known_after, report
from connector.dataverse.choices import ConsentCause
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.services import Services
from connector.spotler import Field, Fields, SpotlerContact
from connector.sync.permission_switch import Switch, switch
from connector.sync.records import Record
from connector.sync.switches import shown_permissions
from connector.sync.withdrawal import withdrawals_decided

#: The channel through which mail goes.
EMAIL_CHANNEL = "EMAIL"

#: What the history of consent says of a permission that was switched on there.
_EVIDENCE = "Switched on in Spotler"


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
    said = report(contact, field.options, known)
    return record.reporting(said), known_after(contact, known)


def is_news(said: SpotlerReport) -> bool:
    """Whether a report has something that was not known."""
    return bool(said.permissions) or said.opted_out


def apply(services: Services, records: Sequence[Record]) -> dict[RecordRef, ConnectorError]:
    """Write the rows of Spotler Permission that Spotler switched off or on.

    Returns:
        the records of which a row could not be written, and why.
    """
    now = services.now()
    switches = [each for record in records for each in (*withdrawals_decided(record, now), *_switched_on(record, now))]
    return switch(services, switches)


def _switched_on(record: Record, now: datetime) -> list[Switch]:
    on = {each.row for each in record.decision.permissions if each.on and each.reason is Reason.ON_IN_SPOTLER}
    return [
        Switch(record.ref, row, on=True, at=now, cause=ConsentCause.FEED, evidence=_EVIDENCE)
        for row in record.facts.rows
        if row.id in on and row.refuses
    ]
