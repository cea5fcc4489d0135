"""The sweep: wakes up the jobs whose wake-up was lost, and takes over the claims of workers that have gone.

The row is the truth, so a lost message costs no more than the interval of this timer. A row that a person set back to
Queued is found in the same way. A row that stays as it is, because its message waits behind a backlog, is woken up less
and less often (`connector.due`): which of its wake-ups is due is derived from its times, and nothing is written.
So the sweep asks for the rows of certain ages only, the youngest first; what it does not reach within its time is found
by the next ones.

A lease also passes while Dataverse cannot be written, and the item that holds the claim is on the bus all the same with
its claim or its outcome. A job that must not be done twice and was begun would be failed by an item without the
claim; so its wake-up is delayed until the item had time to come back.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import batched
from typing import Final

from connector import due, telemetry
from connector.jobs.store import JobStore
from connector.operations.job import JobRow
from connector.operations.registry import operation_of
from connector.routing.subscriptions import slug_of
from connector.routing.work_item import WorkItem
from connector.servicebus.bus import OutgoingMessage
from connector.servicebus.entities import TOPIC_JOBS
from connector.services import Services

log = logging.getLogger(__name__)

#: How long a sweep goes on: less than its interval, so that two do not work at the same time.
TIME: Final = timedelta(seconds=90)
#: Ages asked for in one query: the filter of one has a few thousand characters.
AGES_PER_QUERY: Final = 12
#: Overdue jobs counted at once: an alert needs no exact figure beyond that.
OVERDUE_LIMIT: Final = 100

#: What the alert is about, in the log: the sweep itself can succeed while jobs are overdue.
OVERDUE: Final = "overdue-jobs"


def sweep(services: Services) -> int:
    """Wake up the stalled jobs, and say how many they were.

    Raises:
        Transient, Misconfigured: when Dataverse or the bus cannot be reached.
    """
    now, requeued = services.now(), 0
    for jobs in _stalled(services, now):
        services.bus.to_topic(TOPIC_JOBS, [_wake_up(job, services, now) for job in jobs])
        requeued += len(jobs)
        if services.now() - now >= TIME:
            break
    if requeued:
        log.warning("%d stalled jobs were requeued.", requeued, extra=telemetry.fields(count=requeued))
    _alert(services, now)
    return requeued


def _stalled(services: Services, now: datetime) -> Iterator[Sequence[JobRow]]:
    """The jobs that are due for a wake-up, page by page."""
    store = JobStore(services.dataverse)
    patience = timedelta(seconds=services.settings.job_sweep_after_seconds)
    oldest = store.oldest_unfinished()
    if oldest is None:
        return
    for ages in batched(due.wake_up_ages(max(now - oldest, timedelta(0))), AGES_PER_QUERY, strict=False):
        yield from store.stalled(ages, now=now, queued_for=patience)


def _wake_up(job: JobRow, services: Services, now: datetime) -> OutgoingMessage:
    item = WorkItem(operation=slug_of(job.operation), job=job.id, record=job.record, reason="sweep", first_seen=now)
    may_be_unknown = not (job.is_queued or job.started_on is None or operation_of(item.operation).repeatable)
    holder_may_come = may_be_unknown and not job.is_set_by_hand
    # A lease lasts as long as the longest pause between two attempts (`due.BACKOFF_LONGEST`).
    grace = timedelta(seconds=services.settings.job_lease_seconds) * due.HOLDER_GRACE
    # The same row is woken up once for each of its ages, as long as the bus remembers the id.
    message_id = f"{job.id}/sweep/{job.row_version}/{due.wake_up_number(job.waiting_for(now))}"
    return item.message(message_id, now + grace if holder_may_come else None)


def _alert(services: Services, now: datetime) -> None:
    """Report jobs that take longer than any problem is retried."""
    hours = services.settings.job_give_up_hours
    overdue = JobStore(services.dataverse).overdue(since=now - timedelta(hours=hours), limit=OVERDUE_LIMIT)
    if not overdue:
        telemetry.succeeded(OVERDUE)
        return
    count, oldest = f"{len(overdue)} or more" if len(overdue) == OVERDUE_LIMIT else len(overdue), overdue[0].id
    text = f"Jobs not over after {hours:g} hours: {count}; see the oldest with: job explain {oldest}"
    telemetry.log_alert(log, text, code="JOBS_OVERDUE", operation=OVERDUE, count=len(overdue), job=oldest)
