"""Jobs that the connector orders for Marketing Lists: with the nightly refresh, and when a list is deactivated.

The rows bear the connector's tag, so the messages that Dataverse posts about them are ignored. Their work items are
sent here instead; one that is lost is replaced by the sweep.
"""

import logging
from collections.abc import Collection
from datetime import datetime
from itertools import batched
from typing import Final
from uuid import UUID, uuid5

from connector import telemetry
from connector.dataverse.api import BatchRequest, NotFound, bind, filters, lookup_id
from connector.dataverse.choices import Operation
from connector.dataverse.names import Job, MarketingList, lookup_value
from connector.errors import ConnectorError
from connector.routing.subscriptions import slug_of
from connector.routing.work_item import WorkItem
from connector.servicebus.bus import OutgoingMessage
from connector.servicebus.entities import TOPIC_JOBS
from connector.services import Services

log = logging.getLogger(__name__)

#: The jobs that are about a list.
LIST_OPERATIONS: Final = (Operation.SYNC_MARKETING_LIST, Operation.REMOVE_MARKETING_LIST)
#: Lists of one query and of one batch.
PART: Final = 100


def order(
    services: Services, operation: Operation, lists: Collection[str], *, unless: Collection[Operation]
) -> int:  # fmt: skip
    """Queue a job for each list, and return how many were queued. A list that was deleted meanwhile gets none.

    Args:
        services: Dataverse and the bus.
        operation: what the jobs order.
        lists: the ids of the lists.
        unless: a list with an unfinished job of these operations gets no other one; empty for no such rule.

    Raises:
        ConnectorError: Dataverse or the bus cannot be used; those before are queued. Or Dataverse refuses the jobs of
            some lists; those of all others are queued.
    """
    queued, problems = 0, list[ConnectorError]()
    for part in batched(sorted(set(lists)), PART, strict=False):
        busy = _lists_with_jobs(services, part, unless) if unless else set()
        made, refused = _queue(services, operation, [each for each in part if each not in busy])
        queued, problems = queued + made, problems + refused
    for problem in problems[1:]:
        telemetry.log_problem(log, problem, operation=operation.slug)
    if problems:
        raise problems[0]
    return queued


def _lists_with_jobs(services: Services, lists: Collection[str], operations: Collection[Operation]) -> set[str]:
    """Those of the lists that have an unfinished job."""
    rows = services.dataverse.query(
        Job.SET,
        select=(lookup_value(Job.LIST),),
        filter=filters.and_(
            filters.eq(Job.STATE, 0),
            filters.in_(Job.OPERATION, sorted(operations)),
            filters.in_(Job.LIST, lists),
        ),
    )
    return {about.lower() for row in rows if (about := lookup_id(row, Job.LIST))}


def _queue(services: Services, operation: Operation, lists: Collection[str]) -> tuple[int, list[ConnectorError]]:
    """Make a job for each list and wake it up; how many there are, and why others could not be made."""
    # With an id of our choice a call whose answer was lost can be repeated.
    jobs = {each: str(uuid5(UUID(each), services.new_id())) for each in lists}
    if not jobs:
        return 0, []
    answers = services.dataverse.batch(
        [BatchRequest.upsert(Job.SET, job, _row(operation, about)) for about, job in jobs.items()]
    )
    made = [job for job, answer in zip(jobs.values(), answers, strict=True) if answer.error is None]
    now = services.now()
    services.bus.to_topic(TOPIC_JOBS, [_wake_up(operation, job, now) for job in made])
    return len(made), [answer.error for answer in answers if answer.error and not isinstance(answer.error, NotFound)]


def _row(operation: Operation, about: str) -> dict[str, object]:
    return {
        Job.NAME: operation.label,
        Job.OPERATION: operation.value,
        f"{Job.LIST_NAVIGATION}@odata.bind": bind(MarketingList.SET, about),
    }


def _wake_up(operation: Operation, job: str, now: datetime) -> OutgoingMessage:
    return WorkItem(operation=slug_of(operation), job=job, first_seen=now).message(f"{job}/created")
