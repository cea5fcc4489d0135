"""What consent has to say about jobs, before anything is sent to Spotler on their behalf.

Nothing is added or started for somebody with Do Not Email, and no permission is switched on for somebody with Do Not
Bulk Email. A permission that a job switches off is switched off in Dataverse first: its row of Spotler Permission would
bring it back with the next sync.
"""

from collections.abc import Sequence

from connector.errors import Refused
from connector.operations.attempt import Attempt
from connector.operations.field_write import Write
from connector.outcomes import SKIPPED_DO_NOT_EMAIL
from connector.services import Services
from connector.sync.consent import withdraw


class DoNotEmail(Refused):
    """The record has Do Not Email, and the job could get it mailed."""

    code = SKIPPED_DO_NOT_EMAIL
    advice = "Clear Do Not Email if the person wants to be mailed, then set the job back to Queued."


class DoNotBulkEmail(Refused):
    """The record has Do Not Bulk Email, so none of its permissions can be switched on."""

    code = "DO_NOT_BULK_EMAIL"
    advice = "Clear Do Not Bulk Email if the person agrees to such mail, then set the job back to Queued."


def heed_consent(attempts: Sequence[Attempt], services: Services) -> None:
    """End the attempts that consent forbids, and withdraw in Dataverse what the others switch off."""
    rows = {}
    for attempt in attempts:
        record = attempt.known_record
        permission = attempt.plan.permission if isinstance(attempt.plan, Write) else ""
        if record.do_not_email and not attempt.only_removes:
            attempt.fail(DoNotEmail())
        elif permission and attempt.only_removes:
            rows[record.ref] = record.rows_of(permission)
            attempt.record = record.without(permission)
        elif permission and record.do_not_bulk_email:
            attempt.fail(DoNotBulkEmail())
    refused = withdraw(services, rows)
    for attempt in attempts:
        if error := refused.get(attempt.known_record.ref):
            attempt.fail(error)
