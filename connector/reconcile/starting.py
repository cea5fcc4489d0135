"""The rows of jobs that compare both sides: of the timer, and of the command."""

import logging
from collections.abc import Mapping
from typing import Final

from connector import telemetry
from connector.dataverse.api import BatchRequest, filters
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.job_outcome import outcome_columns
from connector.dataverse.names import Job
from connector.outcomes import OK
from connector.reconcile.certificate_text import sentence_of
from connector.routing.work_item import WorkItem
from connector.servicebus.entities import TOPIC_JOBS
from connector.services import Services

log = logging.getLogger(__name__)

#: The name of these jobs.
NAME: Final = "Compare both sides"


def start_reconcile(services: Services) -> bool:
    """Order a comparison, unless that is switched off or one is under way; whether one was ordered.

    Raises:
        ConnectorError: Dataverse or the bus cannot be used. A job that was written is found by the sweep.
    """
    if not services.settings.reconcile_enabled:
        log.info("The comparison of both sides is switched off by its setting.")
        return False
    unfinished = services.dataverse.query(
        Job.SET,
        select=(Job.ID,),
        filter=filters.and_(filters.eq(Job.OPERATION, Operation.RECONCILE.value), filters.eq(Job.STATE, 0)),
        top=1,
    )
    if unfinished:
        log.info("A comparison of both sides is under way.", extra=telemetry.fields(operation=Operation.RECONCILE.slug))
        return False
    job = services.dataverse.create(Job.SET, {Job.NAME: NAME, Job.OPERATION: Operation.RECONCILE.value}).lower()
    # The router ignores what the connector itself writes.
    item = WorkItem(operation=Operation.RECONCILE.slug, job=job, first_seen=services.now())
    services.bus.to_topic(TOPIC_JOBS, [item.message(f"{job}/created")])
    return True


def write_certificate_row(services: Services, certificate: Mapping[str, object]) -> str:
    """Write the row of a job that a command has carried out; returns its id.

    Raises:
        ConnectorError: Dataverse cannot take it.
    """
    row = str(certificate["id"])
    # A row is created Queued and ended at once, because a new row takes the first state of its table.
    requests = [
        BatchRequest.insert(Job.SET, row, {Job.NAME: NAME, Job.OPERATION: Operation.RECONCILE.value}),
        BatchRequest.update(
            Job.SET,
            row,
            outcome_columns(JobStatus.COMPLETED, OK, services.wording.text(sentence_of(certificate)), services.now()),
        ),
    ]
    for answer in services.dataverse.batch(requests):
        if answer.error is not None:
            raise answer.error
    return row
