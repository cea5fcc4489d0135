"""The sweep: wakes up the jobs whose wake-up was lost, and takes over the claims of those who died.

The row is the truth, so a lost message costs no more than the interval of this timer. A row that a person set back to
Queued is found in the same way.

A lease also passes while Dataverse cannot be written, and the item that holds the claim is on the bus all the same with
its claim or its outcome. A job that must not be done twice would be failed by whoever comes without the claim; so its
wake-up is delayed until the item had time to come back. One that a person set to In Progress has no such item.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from connector import telemetry
from connector.jobs.store import JobStore
from connector.operations.job import Job
from connector.operations.registry import operation_of
from connector.routing.subscriptions import slug_of
from connector.routing.work_item import WorkItem
from connector.servicebus.bus import OutgoingMessage
from connector.servicebus.entities import TOPIC_JOBS
from connector.services import Services

log = logging.getLogger(__name__)

#: Jobs read and woken up at once: a few full batches.
LIMIT: Final = 1000
#: Leases for which the holder of a claim is waited for: one for its pause, the rest for the backlog that it comes with.
GRACE: Final = 1.5

#: Overdue jobs counted at once: an alert needs no exact figure beyond that.
OVERDUE_LIMIT: Final = 100


def sweep(services: Services) -> int:
    """Wake up the jobs that sleep, the oldest first, and say how many they were.

    Raises:
        Transient, Misconfigured: when Dataverse or the bus cannot be reached.
    """
    now, store = services.now(), JobStore(services.dataverse)
    patience = timedelta(seconds=services.settings.job_sweep_after_seconds)
    woken, after = 0, ""
    while asleep := store.asleep(queued_before=now - patience, now=now, after=after, limit=LIMIT):
        services.bus.to_topic(TOPIC_JOBS, [_wake_up(job, services, now) for job in asleep])
        woken, after = woken + len(asleep), asleep[-1].number
        if len(asleep) < LIMIT or not after:  # after rows without a number there is no next block
            break
    if woken:
        log.warning("%d sleeping jobs were woken up.", woken, extra=telemetry.fields(count=woken))
    _alert(services, now)
    return woken


def _wake_up(job: Job, services: Services, now: datetime) -> OutgoingMessage:
    item = WorkItem(operation=slug_of(job.operation), job=job.id, record=job.record, reason="sweep", first_seen=now)
    claim_may_come = not (job.is_queued or job.is_set_by_hand or operation_of(item.operation).repeatable)
    # A lease lasts as long as the longest pause between two attempts (`retry.BACKOFF_LONGEST`).
    grace = timedelta(seconds=services.settings.job_lease_seconds) * GRACE
    # The same row in the same state is woken up once, as long as the bus remembers the id.
    return item.message(f"{job.id}/sweep/{job.row_version}", now + grace if claim_may_come else None)


def _alert(services: Services, now: datetime) -> None:
    """Tell operators of jobs that take longer than any obstacle is put up with."""
    before = now - timedelta(hours=services.settings.job_give_up_hours)
    overdue = JobStore(services.dataverse).overdue(since=before, limit=OVERDUE_LIMIT)
    if overdue and telemetry.alert_is_due("JOBS_OVERDUE"):
        log.error(
            "%d jobs or more are not over after %g hours; the oldest has the number %s.",
            len(overdue),
            services.settings.job_give_up_hours,
            overdue[0].number,
            extra=telemetry.fields(count=len(overdue), code="JOBS_OVERDUE"),
        )
