"""What an operation of a Spotler Job is, for the runner, and what the runner gives it."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, Flag, auto
from typing import Protocol

from connector.dataverse.records import RecordRef
from connector.errors import Refused, Transient
from connector.operations.attempt import Attempt
from connector.services import Services
from connector.spotler import ContactUnknown
from connector.sync.info import InfoValues
from connector.sync.outward import Outward
from connector.sync.records import Record
from connector.sync.results import SKIPPED, Failed, Result


class OutOfTime(Transient):
    """The batch ran out of time before this job."""

    code = "OUT_OF_TIME"


class Needs(Enum):
    """Whether a job of this operation is about a record."""

    RECORD = auto()
    RECORD_OR_NOTHING = auto()
    NOTHING = auto()


class Accepts(Flag):
    """The records, beside those that are fit for everything, for which an operation is carried out.

    Deactivated ones; those to which nothing at all may be mailed, for what only removes or stops; those that are gone
    from Dataverse, of which only the id is left.
    """

    FIT = 0
    INACTIVE = auto()
    DO_NOT_EMAIL = auto()
    DELETED = auto()
    UNFIT = INACTIVE | DO_NOT_EMAIL
    ANY = UNFIT | DELETED


@dataclass(slots=True)
class Batch:
    """What the jobs of one portion have in common.

    Attributes:
        deadline: nothing new is begun after it; what is left is put back.
        infos: rows of Spotler Info to write at the end.
    """

    services: Services
    deadline: datetime
    infos: list[tuple[RecordRef, InfoValues | None]] = field(default_factory=list)

    def each(self, attempts: Sequence[Attempt], work: Callable[[Attempt], None]) -> None:
        """Do the work for every attempt, a few at a time; an error ends its attempt and no other."""

        def one(attempt: Attempt) -> None:
            try:
                self.check_time()
                attempt.begun = True
                work(attempt)
            except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
                _end(attempt, error)

        wait([self.services.pool.submit(one, attempt) for attempt in attempts])

    @property
    def outward(self) -> Outward:
        """What sends records to Spotler, within the time of this batch."""
        return Outward(self.services, check_time=self.check_time)

    def keep_infos(self, results: Mapping[RecordRef, Result]) -> Mapping[RecordRef, Result]:
        """The results, once the rows of Spotler Info that they carry are kept for the end of the batch."""
        self.infos.extend((ref, result.info) for ref, result in results.items())
        return results

    def send(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Send the records of these attempts to Spotler, where something is to be done with them.

        Returns:
            those whose record is there now; the others are ended.
        """
        results = self.keep_infos(self.outward.send([attempt.known_record for attempt in attempts], always=True))
        for attempt in attempts:
            result = results[attempt.known_record.ref]
            if attempt.only_removes and isinstance(result, Failed) and isinstance(result.error, Refused):
                continue  # Spotler does not take the record as it is; what it has of it can be removed all the same
            if error := _why_missing(result):
                _end(attempt, error)
        return [attempt for attempt in attempts if attempt.is_open]

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

    @staticmethod
    def examine(attempts: Sequence[Attempt], check: Callable[[Attempt], object]) -> None:
        """Check every attempt; what `check` returns is kept in the attempt's plan, what it raises ends the attempt."""
        for attempt in attempts:
            try:
                attempt.plan = check(attempt)
            except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
                attempt.fail(error)

    def check_time(self) -> None:
        """Begin nothing that the lock of the messages may not see the end of.

        Raises:
            OutOfTime: when it is up.
        """
        if self.services.now() >= self.deadline:
            raise OutOfTime


class Operation(Protocol):
    """One operation. Each has the same three steps: check the job, prepare its record, perform."""

    @property
    def slug(self) -> str:
        """Its name in the topic and in the portal."""

    @property
    def needs(self) -> Needs:
        """Whether it is about a record."""

    @property
    def repeatable(self) -> bool:
        """Whether running it twice ends in the same state as running it once."""

    @property
    def accepts(self) -> Accepts:
        """For which records it is done that others are not done for."""

    @property
    def syncs_first(self) -> bool:
        """Whether Spotler must know the record before."""

    def check(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """End the attempts whose row is wrong, before anything is asked of Spotler on their behalf.

        What was found out on the way may be kept in `Attempt.plan`.
        """

    def perform(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """Do the work and end every attempt; no record occurs twice among them."""


def _end(attempt: Attempt, error: Exception) -> None:
    """End an attempt whose work failed, or was not needed: who is not in Spotler, and may not be, has nothing there."""
    if attempt.only_removes and isinstance(error, Refused) and error.result_code in SKIPPED:
        attempt.finish("Spotler does not have the contact, so there is nothing to remove.")
    else:
        attempt.fail(error)


def _why_missing(result: Result) -> Exception | None:
    """Why a record is not in Spotler after it was sent there; None if it is."""
    if isinstance(result, Failed):
        return result.error
    if not result.is_there:
        return Refused(
            f"Spotler does not know the record, and it may not be sent there: {result.message}",
            code=result.code,
            advice="Make the record fit for Spotler, then set the job back to Queued.",
        )
    return None
