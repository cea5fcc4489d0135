"""What operations work with: the systems, the time they have, and calls for many contacts at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from connector.dataverse.records import RecordRef
from connector.errors import Refused, Transient
from connector.operations.results import Done, Failed, Result
from connector.services import Services
from connector.spotler import ContactUnknown
from connector.sync.info import InfoValues
from connector.sync.outward import Outward
from connector.sync.records import Record
from connector.sync.results import SKIPPED, Delivery, NotSent

if TYPE_CHECKING:
    from connector.operations.operation import Task


class OutOfTime(Transient):
    """The batch ran out of time before this job."""

    code = "OUT_OF_TIME"


@dataclass(frozen=True, slots=True)
class Context:
    """What the jobs of one chunk have in common.

    Attributes:
        deadline: nothing new is begun after it; what is left is put back.
        infos: rows of Spotler Info to write at the end.
    """

    services: Services
    deadline: datetime
    infos: list[tuple[RecordRef, InfoValues | None]] = field(default_factory=list)

    def check_time(self) -> None:
        """Begin nothing new after the deadline.

        Raises:
            OutOfTime: when it has passed.
        """
        if self.services.now() >= self.deadline:
            raise OutOfTime

    def each[Plan](self, tasks: Sequence[Task[Plan]], work: Callable[[Task[Plan]], Done]) -> dict[str, Result]:
        """Do the work for every task, a few at a time; an error ends its task and no other."""

        def one(task: Task[Plan]) -> Result:
            try:
                self.check_time()
            except OutOfTime as error:
                return Failed(error)
            try:
                return work(task)
            except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
                return ended(task, error, begun=True)

        asked = {task.job.id: self.services.pool.submit(one, task) for task in tasks}
        wait(asked.values())
        return {job: future.result() for job, future in asked.items()}

    @property
    def outward(self) -> Outward:
        """What sends records to Spotler, within the time of this chunk."""
        return Outward(self.services, check_time=self.check_time)

    def keep_infos(self, deliveries: Mapping[RecordRef, Delivery]) -> Mapping[RecordRef, Delivery]:
        """The same, once the rows of Spotler Info that they carry are kept for the end of the chunk."""
        self.infos.extend((ref, delivery.info) for ref, delivery in deliveries.items())
        return deliveries

    def send[Plan](self, tasks: Sequence[Task[Plan]], *, always: bool) -> dict[str, Result]:
        """Send the records of these tasks to Spotler, before something is done with them there.

        Args:
            always: also those that are unchanged since they were last sent.

        Returns:
            by job id, the end of those whose record is not in Spotler afterwards.
        """
        if not tasks:
            return {}
        deliveries = self.keep_infos(self.outward.send([task.known_record for task in tasks], always=always))
        return {
            task.job.id: ended(task, error)
            for task in tasks
            if (error := _why_missing(delivery := deliveries[task.known_record.ref])) is not None
            and not (task.removes and _is_refused(delivery))
        }

    def for_contact[T](self, record: Record, call: Callable[[str], T]) -> T:
        """Make a call about a contact; one that Spotler has lost, although we sent it, is sent again first.

        Raises:
            ContactUnknown: Spotler does not know the contact even then.
            OutOfTime: sending it again took what was left of the time.
            Exception: it could not be sent again, or may not be sent.
        """
        try:
            return call(record.ref.id)
        except ContactUnknown:
            if error := _why_missing(self.keep_infos(self.outward.send([record], always=True))[record.ref]):
                raise error from None
            self.check_time()
            return call(record.ref.id)


def ended[Plan](task: Task[Plan], error: Exception, *, begun: bool = False) -> Result:
    """The end of a task that met an error: where nothing can be there, nothing is left to remove."""
    if task.removes and isinstance(error, Refused) and error.result_code in SKIPPED:
        return Done("Spotler does not have the contact, so there is nothing to remove.")
    return Failed(error, begun=begun)


def all_ended[Plan](tasks: Sequence[Task[Plan]], error: Exception) -> Mapping[str, Result]:
    """The same error for every task."""
    return {task.job.id: ended(task, error) for task in tasks}


def _is_refused(delivery: Delivery) -> bool:
    """Whether Spotler does not take the record as it is; what it has of it can be removed all the same."""
    return isinstance(delivery, NotSent) and isinstance(delivery.error, Refused)


def _why_missing(delivery: Delivery) -> Exception | None:
    """Why a record is not in Spotler after it was sent there; None if it is."""
    if isinstance(delivery, NotSent):
        return delivery.error
    if not delivery.is_there:
        return Refused(
            f"Spotler does not know the record, and it may not be sent there: {delivery.message}",
            code=delivery.code,
            advice="Make the record fit for Spotler, then set the job back to Queued.",
        )
    return None
