"""What operations work with: the systems, the time they have, and calls for many contacts at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, Self

from connector.consent import Intent
from connector.consent.intent import PermissionsLost
from connector.dataverse.records import RecordRef
from connector.errors import Refused, Transient
from connector.operations.consent_watch import ConsentWatch
from connector.operations.results import Done, Failed, Result
from connector.services import Services
from connector.spotler import ContactUnknown
from connector.sync.info import InfoValues
from connector.sync.outward.outward import Outward
from connector.sync.records import Record, RecordReader
from connector.sync.results import SKIPPED, Delivery, NotSent, Sent

if TYPE_CHECKING:
    from connector.operations.operation import Task


#: After these nothing is left of a contact that could be removed.
_NOTHING_LEFT: Final = SKIPPED | {PermissionsLost.code}

#: What is to be remembered of a contact; None where nothing is.
type InfoRow = tuple[RecordRef, InfoValues | None]


class OutOfTime(Transient):
    """The batch ran out of time before this job."""

    code = "OUT_OF_TIME"


@dataclass(frozen=True, slots=True)
class Context:
    """What the jobs of one chunk have in common.

    Attributes:
        deadline: nothing new is begun after it; what is left is put back.
        consent: checked again right before calls that can get somebody mailed.
    """

    services: Services
    deadline: datetime
    consent: ConsentWatch
    _infos: list[InfoRow] = field(default_factory=list)

    @classmethod
    def of(cls, services: Services, deadline: datetime) -> Self:
        """The context of a chunk that begins."""
        return cls(services, deadline, ConsentWatch(services))

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
                self.check_consent(task)
            except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
                return Failed(error)
            try:
                return work(task)
            except Exception as error:  # noqa: BLE001
                return ended(task, error, begun=True)

        asked = {task.job.id: self.services.pool.submit(one, task) for task in tasks}
        wait(asked.values())
        return {job: future.result() for job, future in asked.items()}

    def check_consent[Plan](self, task: Task[Plan]) -> None:
        """Look at consent once more where a task can get somebody mailed.

        Raises:
            ConnectorError: consent has been withdrawn meanwhile, or it could not be read.
        """
        if task.record is not None and task.intent in (Intent.CONTACT, Intent.SWITCH_ON):
            self.consent.check(task.record.ref, task.intent, task.permission.name if task.permission else "")

    def allowed[Plan](self, tasks: Sequence[Task[Plan]]) -> tuple[list[Task[Plan]], dict[str, Result]]:
        """The tasks that may go on to a call about all of them, and the results of the others."""
        self.check_time()
        allowed: list[Task[Plan]] = []
        results: dict[str, Result] = {}
        for task in tasks:
            try:
                self.check_consent(task)
            except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
                results[task.job.id] = Failed(error)
            else:
                allowed.append(task)
        return allowed, results

    @property
    def outward(self) -> Outward:
        """What sends records to Spotler, within the time of this chunk."""
        return Outward(self.services, check_time=self.check_time)

    def keep_infos(self, results: Mapping[RecordRef, Delivery]) -> None:
        """Keep the rows of Spotler Info that could not be written with these results, to be written later."""
        self._infos.extend((ref, result.info) for ref, result in results.items())

    def infos(self) -> Sequence[InfoRow]:
        """The rows of Spotler Info that are still to be written."""
        return self._infos

    def send[Plan](self, tasks: Sequence[Task[Plan]], *, always: bool) -> dict[str, Result]:
        """Send the records of these tasks to Spotler, before something is done with them there.

        Args:
            always: also those that are unchanged since they were last sent.

        Returns:
            by job id, the end of those whose work cannot go on.
        """
        return _ends(tasks, self._deliver([task.known_record for task in tasks], always=always))

    def send_lost[Plan](self, tasks: Sequence[Task[Plan]]) -> dict[str, Result]:
        """Send the records of these tasks again, because Spotler has lost their contacts; returns as `send`."""
        return _ends(tasks, self._deliver(self._read_again([task.known_record.ref for task in tasks]), always=True))

    def _read_again(self, refs: Sequence[RecordRef]) -> list[Record]:
        """Records as they are now: a person who has withdrawn consent meanwhile must not be created again."""
        records = RecordReader(self.services).read(refs, refs)
        return [records[ref].unknown() for ref in refs]

    def _deliver(self, records: Sequence[Record], *, always: bool) -> Mapping[RecordRef, Delivery]:
        if not records:
            return {}
        sent = self.outward.send(records, always=always)
        self.keep_infos(sent)
        return sent

    def for_contact[T](self, record: Record, call: Callable[[str], T]) -> T:
        """Make a call about a contact; one that Spotler has lost, although we sent it, is sent again first.

        Raises:
            PermissionsLost: the person lost permissions with the contact, so nothing may get them mailed now.
            ContactUnknown: Spotler does not know the contact even then.
            OutOfTime: sending it again took what was left of the time.
            Exception: it could not be sent again, or may not be sent.
        """
        try:
            return call(record.ref.id)
        except ContactUnknown:
            result = self._deliver(self._read_again([record.ref]), always=True)[record.ref]
            if isinstance(result, NotSent):
                raise result.error from None
            if not result.is_there:
                raise _not_there(result) from None
            if result.lost:
                raise PermissionsLost from None
            self.check_time()
            return call(record.ref.id)


def ended[Plan](task: Task[Plan], error: Exception, *, begun: bool = False) -> Result:
    """The end of a task that met an error: where nothing can be there, nothing is left to remove."""
    if task.removes and isinstance(error, Refused) and error.result_code in _NOTHING_LEFT:
        return Done("Spotler does not have the contact, so there is nothing to remove.")
    return Failed(error, begun=begun)


def all_ended[Plan](tasks: Sequence[Task[Plan]], error: Exception) -> Mapping[str, Result]:
    """The same error for every task."""
    return {task.job.id: ended(task, error) for task in tasks}


def _ends[Plan](tasks: Sequence[Task[Plan]], sent: Mapping[RecordRef, Delivery]) -> dict[str, Result]:
    """The ends of those tasks whose work cannot go on after their record was sent, by job id."""
    ends = {task.job.id: _end(task, sent[task.known_record.ref]) for task in tasks}
    return {job: end for job, end in ends.items() if end is not None}


def _end[Plan](task: Task[Plan], result: Delivery) -> Result | None:
    """The end of a task whose record was sent; None where its work goes on."""
    if isinstance(result, NotSent):
        # What Spotler does not take as it is can be removed all the same.
        can_go_on = task.removes and isinstance(result.error, Refused)
        return None if can_go_on else Failed(result.error)
    if not result.is_there:
        return ended(task, _not_there(result))
    return ended(task, PermissionsLost()) if result.lost and not task.removes else None


def _not_there(sent: Sent) -> Refused:
    """Why a record is not in Spotler after it was sent there."""
    return Refused(
        sent.message,
        code=sent.code,
        advice="Make the record fit for Spotler, then choose Retry.",
    )
