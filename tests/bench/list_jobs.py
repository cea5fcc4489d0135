"""The jobs about a Marketing List, step by step, as the bus delivers their items: for the bench of lists."""

from collections.abc import Iterator

from connector.dataverse.api import filters
from connector.dataverse.choices import Operation
from connector.dataverse.names import Job
from connector.jobs.batch import run_batch
from connector.operations.registry import operation_of
from connector.routing.work_item import WorkItem
from connector.services import Services
from tests.bench.record_worker import Returned

SYNC = Operation.SYNC_MARKETING_LIST


def run_list_jobs(services: Services, bus: Returned) -> Iterator[int]:
    """Do the jobs that wait; the number of steps so far, after each."""
    condition = filters.and_(filters.eq(Job.STATE, 0), filters.eq(Job.OPERATION, SYNC.value))
    for row in services.dataverse.query(Job.SET, select=(Job.ID,), filter=condition):
        item = WorkItem(operation=SYNC.slug, job=str(row[Job.ID]), first_seen=services.now())
        bodies = [item.body()]
        steps = 0
        while bodies:
            run_batch(services, operation_of(SYNC.slug), bodies)
            bodies, bus.messages = [each.body for each in bus.messages], []
            steps += 1
            yield steps
