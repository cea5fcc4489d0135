"""A contact is read once more before it is anonymised: an opt-out that nobody has seen yet would be lost with it.

The rows of Spotler Permission stay when a record only leaves Spotler. Without this, somebody who opted out in Spotler
just before would be subscribed again when the record returns.
"""

import logging

from connector import telemetry
from connector.errors import ConnectorError, Misconfigured, Transient
from connector.services import Services
from connector.sync.both_ways import reports
from connector.sync.outward.preparing import permissions_field
from connector.sync.permissions.rows import PermissionRows
from connector.sync.records import Record

log = logging.getLogger(__name__)

#: The name under which problems are logged.
OPERATION = "anonymize"


def hear_last_words(services: Services, record: Record) -> None:
    """Let the rows follow what the contact says about consent now.

    Nothing is asked where no row is subscribed, or where all are switched off anyway.

    Raises:
        Transient, Misconfigured: it cannot be known now; the contact must not be anonymised yet.
    """
    if not any(row.subscribed and row.id not in record.decision.withdrawals for row in record.facts.rows):
        return
    try:
        result = _hear(services, record)
    except (Transient, Misconfigured):
        raise
    except ConnectorError as error:  # a refusal keeps nobody in Spotler
        result = error
    if isinstance(result, Transient | Misconfigured):
        raise result
    if result is not None:
        telemetry.log_problem(log, result, operation=OPERATION)


def _hear(services: Services, record: Record) -> ConnectorError | None:
    fields = services.spotler.fields()
    field = permissions_field(services.mapping, record.ref.table, fields)
    seen_on = services.now()
    contact = services.spotler.get_contact(record.ref.id) if field is not None else None
    if contact is None:
        return None
    told, _ = reports.reported(record, reports.shown(record, contact, fields, field, seen_on), field)
    if not reports.is_news(told.facts.spotler):
        return None
    after = PermissionRows(services).apply([told])[record.ref]
    return after if isinstance(after, ConnectorError) else None
