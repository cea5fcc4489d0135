"""One claimed job in the hands of one batch, and the ways in which its attempt can end."""

from dataclasses import dataclass
from typing import Final, Self

from connector.dataverse.choices import JobStatus
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Invalid, Refused, Transient
from connector.operations.job import Job
from connector.outcomes import OK
from connector.routing.work_item import Claim, Reason, Receipt, WorkItem
from connector.sync.records import Record

#: The longest text that each of the columns takes that tell how a job ended.
RESULT_CODE_LENGTH: Final = 100
RESULT_MESSAGE_LENGTH: Final = 4000
AUTOMATION_CONTACT_ID_LENGTH: Final = 100


class OlderFirst(Transient):
    """An older job of the same record has to be done first."""

    code = "OLDER_FIRST"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ends.

    Attributes:
        status: Completed or Failed.
        code: `OK`, a code of ours, or the code of the system that refused.
        message: a sentence for people.
        automation_contact_id: the run that was started, if one was.
        post: what the timeline of the record tells about it; empty for nothing.
    """

    status: JobStatus
    code: str
    message: str
    automation_contact_id: str = ""
    post: str = ""

    @classmethod
    def completed(cls, message: str, *, code: str = OK, automation_contact_id: str = "", post: str = "") -> Self:
        """The work is done."""
        return cls(JobStatus.COMPLETED, code, message, automation_contact_id, post)

    @classmethod
    def failed(cls, error: ConnectorError) -> Self:
        """The work cannot be done; the error says why and what to do."""
        return cls(JobStatus.FAILED, error.result_code, error.for_people)

    @classmethod
    def from_receipt(cls, receipt: Receipt) -> Self:
        """The outcome that an item carried because Dataverse could not take it before."""
        return cls(JobStatus(receipt.status), receipt.code, receipt.message, receipt.automation_contact_id)

    def receipt(self) -> Receipt:
        """The outcome as its row takes it, and as an item carries it until then."""
        return Receipt(
            status=self.status,
            code=_fit(self.code, RESULT_CODE_LENGTH),
            message=_fit(self.message, RESULT_MESSAGE_LENGTH),
            automation_contact_id=_fit(self.automation_contact_id, AUTOMATION_CONTACT_ID_LENGTH),
        )


@dataclass(slots=True)
class Attempt:
    """A job while a batch works on it.

    Attributes:
        job: the job as it is after the claim.
        is_claimed: whether our claim stands on the row; where it was refused, or the job is given up, only its end can
            be written.
        record: what the job is about, once it is read.
        only_removes: whether it only takes something away from somebody who may not be mailed, so that it is done for
            them too, and a contact which Spotler does not have is its end.
        begun: whether its work was begun, so that repeating it could do it twice.
        plan: what the check of the job found out, for the operation that performs it.
        result: how the attempt ended: an outcome, or the error that decides what happens next. None while it is open.
    """

    item: WorkItem
    job: Job
    is_claimed: bool = True
    record: Record | None = None
    only_removes: bool = False
    begun: bool = False
    plan: object = None
    result: Outcome | Exception | None = None

    @property
    def is_open(self) -> bool:
        """Whether something is left to do."""
        return self.result is None

    @property
    def about(self) -> RecordRef | None:
        """What the job is about, if anything; of a job that has lost its record since, what it was about."""
        return self.job.record or self.item.record

    @property
    def will_be_tried_again(self) -> bool:
        """Whether it met an obstacle that may pass, so that later jobs of its record must wait."""
        return isinstance(self.result, Exception) and not isinstance(self.result, Invalid | Refused)

    @property
    def known_record(self) -> Record:
        """The record of an operation that needs one."""
        assert self.record is not None  # noqa: S101 - `prepare` ended the attempts without one
        return self.record

    def item_again(self, reason: Reason, outcome: Outcome | None = None) -> WorkItem:
        """The item that goes on under the claim of this attempt; with an outcome, only to write that."""
        return self.item.model_copy(
            update={
                "reason": reason,
                "claim": Claim(attempt=self.job.attempts, token=self.job.claim),
                "receipt": outcome.receipt() if outcome else None,
            }
        )

    def finish(self, message: str, *, code: str = OK, automation_contact_id: str = "", post: str = "") -> None:
        """The work is done."""
        self.result = Outcome.completed(message, code=code, automation_contact_id=automation_contact_id, post=post)

    def fail(self, error: Exception) -> None:
        """The work is not done; the family of the error decides what happens next."""
        self.result = error


def _fit(text: str, length: int) -> str:
    """As much of a text as a column takes, without halves of characters: these cannot be sent."""
    return text[:length].encode(errors="replace").decode()
