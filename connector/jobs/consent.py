"""What consent has to say about jobs, before anything is sent to Spotler on their behalf.

Nothing is added or started for somebody with Do Not Email, and no permission is switched on for somebody with Do Not
Bulk Email. A permission that a job switches off is switched off in Dataverse first: its row of Spotler Permission would
bring it back with the next sync.
"""

from collections.abc import Sequence
from dataclasses import replace

from connector.errors import Refused
from connector.operations.fields import Write
from connector.operations.operation import Task
from connector.operations.results import Failed, Result
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


def enforce_consent[Plan](
    tasks: Sequence[Task[Plan]], services: Services
) -> tuple[list[Task[Plan]], dict[str, Result]]:
    """The tasks that consent allows, and the results of the others; what they switch off is withdrawn in Dataverse."""
    allowed: list[Task[Plan]] = []
    results: dict[str, Result] = {}
    rows = {}
    for task in tasks:
        record = task.record
        permission = task.plan.permission if isinstance(task.plan, Write) else ""
        if record is None:
            allowed.append(task)
        elif record.do_not_email and not task.removes:
            results[task.job.id] = Failed(DoNotEmail())
        elif permission and task.removes:
            rows[record.ref] = record.rows_of(permission)
            allowed.append(replace(task, record=record.without(permission)))
        elif permission and record.do_not_bulk_email:
            results[task.job.id] = Failed(DoNotBulkEmail())
        else:
            allowed.append(task)
    refused = withdraw(services, rows)
    for task in allowed:
        if task.record is not None and (error := refused.get(task.record.ref)):
            results[task.job.id] = Failed(error)
    return [task for task in allowed if task.job.id not in results], results
