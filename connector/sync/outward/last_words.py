"""A contact is read once more before it is anonymised: an opt-out that nobody has seen yet would be lost with it.

The rows of Spotler Permission stay when a record only leaves Spotler. Without this, somebody who opted out in Spotler
just before would be subscribed again when the record returns.

A merge may move the rows to the record that stays. So an opt-out that nobody has seen yet counts for that record too.

A contact that Spotler has lost may have opted out before that: then what it had on counts as refused.
"""

import logging
from dataclasses import replace
from datetime import datetime

from connector import telemetry
from connector.consent import PermissionReport, SpotlerReport
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Misconfigured, Transient
from connector.routing.record_item import RecordItem
from connector.servicebus.entities import TOPIC_JOBS
from connector.services import Services
from connector.spotler import Field
from connector.sync.both_ways import reports
from connector.sync.outward.preparing import permissions_field
from connector.sync.permissions.missing import switch_off_lost
from connector.sync.permissions.rows import PermissionRows
from connector.sync.records import Record, RecordReader

log = logging.getLogger(__name__)

#: The name under which problems are logged.
OPERATION = "anonymize"


def hear_last_words(services: Services, record: Record, *, may_be_lost: bool) -> None:
    """Let the rows follow what the contact says about consent now, those of the record that it was merged into too.

    Nothing is asked where no row is subscribed, or where all are switched off anyway.

    Args:
        services: both systems.
        record: whose contact is to be anonymised.
        may_be_lost: whether Spotler has lost a contact that it does not know; else the connector may have removed it.

    Raises:
        Transient, Misconfigured: it cannot be known now; the contact must not be anonymised yet.
    """
    heir = _heir(services, record)
    own = any(row.subscribed and row.id not in record.decision.withdrawals for row in record.facts.rows)
    if not own and heir is None:
        return
    try:
        result = _hear(services, record, heir, may_be_lost=may_be_lost)
    except (Transient, Misconfigured):
        raise
    except ConnectorError as error:  # a refusal keeps nobody in Spotler
        result = error
    if isinstance(result, Transient | Misconfigured):
        raise result
    if result is not None:
        telemetry.log_problem(log, result, operation=OPERATION)


def _heir(services: Services, record: Record) -> Record | None:
    """The record that this one was merged into, if any of its permissions is on."""
    ref = record.merged_into
    heir = RecordReader(services).read([ref]).get(ref) if ref is not None else None
    return heir if heir is not None and any(row.subscribed for row in heir.facts.rows) else None


def _hear(services: Services, record: Record, heir: Record | None, *, may_be_lost: bool) -> ConnectorError | None:
    fields = services.spotler.fields()
    field = permissions_field(services.mapping, record.ref.table, fields)
    seen_on = services.now()
    contact = services.spotler.get_contact(record.ref.id) if field is not None else None
    if contact is None:
        return _miss(services, record, heir, field) if field is not None and may_be_lost else None
    told, _ = reports.reported(record, reports.shown(record, contact, fields, field, seen_on), field)
    said = told.facts.spotler
    after: Record | ConnectorError | None = None
    if heir is not None and (lost := _lost(record, said)):
        after = PermissionRows(services).apply([heir.reporting(SpotlerReport(permissions=lost))])[heir.ref]
        _send_later(services, heir.ref, record, seen_on)
    if reports.is_news(said) and not isinstance(after, ConnectorError):
        after = PermissionRows(services).apply([told])[record.ref]
    return after if isinstance(after, ConnectorError) else None


def _miss(services: Services, record: Record, heir: Record | None, field: Field) -> ConnectorError | None:
    """Spotler has lost the contact: what it had on is off, of the record that stays too."""
    after: Record | ConnectorError = switch_off_lost(services, [record])[record.ref]
    if heir is not None and not isinstance(after, ConnectorError):
        on = [option for option in field.options if option.bit in _was_on(record)]
        had = {row.id for option in on for row in heir.rows_of(option.name, option.bit)}
        after = switch_off_lost(services, [heir], only=had)[heir.ref]
        _send_later(services, heir.ref, record, services.now())
    return after if isinstance(after, ConnectorError) else None


def _send_later(services: Services, heir: RecordRef, record: Record, now: datetime) -> None:
    item = RecordItem(record=heir, always=True, first_seen=now)
    services.bus.to_topic(TOPIC_JOBS, [item.message(f"{heir.id}/merged/{record.ref.id}")])


def _lost(record: Record, said: SpotlerReport) -> tuple[PermissionReport, ...]:
    """The permissions that were on and are off now. Which of two records a row was of is not known, nor since when."""
    was_on = _was_on(record)
    return tuple(replace(each, at=None) for each in said.permissions if not each.on and each.bit in was_on)


def _was_on(record: Record) -> set[int]:
    """The permissions that Spotler was last known to have on, by bit."""
    return {bit for bit, state in record.last.permissions.items() if state.on}
