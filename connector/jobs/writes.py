"""What is written on the row of a job, and on which condition: the claim, and how its attempt ended.

A claim is written on condition of the row version that was read, marks the row with a token, and returns the version
that it made. Everything after it is written on condition of that version: it takes effect only while nobody else has
written, however late it arrives.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from connector.dataverse.api import BatchRequest
from connector.dataverse.choices import JobStatus
from connector.dataverse.job_outcome import (
    RESULT_CODE_LENGTH,
    RESULT_MESSAGE_LENGTH,
    outcome_columns,
    whole_seconds,
)
from connector.dataverse.names import Job as Names
from connector.dataverse.texts import fitted
from connector.errors import OutcomeUnknown
from connector.operations.job import JobRow
from connector.operations.results import Continue, Done, Retry
from connector.routing.work_item import Receipt
from connector.words import Wording

#: The longest text that the column takes.
AUTOMATION_CONTACT_ID_LENGTH: Final = 100


@dataclass(frozen=True, slots=True)
class Write:
    """What is written on the row of a job after its attempt.

    Attributes:
        job: as it was claimed; or, where it was not claimed, as it was read.
        is_claimed: whether the claim of `job` stands on the row.
        values: by column.
    """

    job: JobRow
    is_claimed: bool
    values: Mapping[str, object]

    @classmethod
    def ended(cls, job: JobRow, done: Done, now: datetime, wording: Wording, *, is_claimed: bool) -> Self:
        """The outcome. The claim is removed, unless the outcome is unknown: then a receipt may still write it."""
        receipt = receipt_of(done, wording)
        values: dict[str, object] = {
            **outcome_columns(receipt.status, receipt.code, receipt.message, now),
            Names.LEASE_UNTIL: None,
        }
        if receipt.code != OutcomeUnknown.code:
            values[Names.CLAIM] = None
        if receipt.automation_contact_id:
            values[Names.AUTOMATION_CONTACT_ID] = receipt.automation_contact_id
        return cls(job, is_claimed, values)

    @classmethod
    def retried(cls, job: JobRow, retry: Retry, lease: timedelta, wording: Wording) -> Self:
        """Nothing of it was begun, or it may be done again: after the lease any worker may run it.

        Until then nobody else takes it over. The problem is for people; one that only waits for an older job has none,
        and is Queued again.
        """
        if retry.problem is None:
            values: dict[str, object] = {
                Names.STATUS: JobStatus.QUEUED.value,
                Names.STATE: JobStatus.QUEUED.state,
                Names.CLAIM: None,
                Names.LEASE_UNTIL: None,
                Names.RESULT_CODE: None,
                Names.RESULT_MESSAGE: None,
            }
        else:
            values = {
                Names.LEASE_UNTIL: _end(retry.due + lease),
                Names.RESULT_CODE: fitted(retry.problem.result_code, RESULT_CODE_LENGTH),
                Names.RESULT_MESSAGE: fitted(wording.text(retry.problem.for_people), RESULT_MESSAGE_LENGTH),
            }
        return cls(job, True, {**values, Names.STARTED_ON: None})

    @classmethod
    def continued(cls, job: JobRow, step: Continue, until: datetime, wording: Wording) -> Self:
        """One step is done."""
        values = {
            Names.LEASE_UNTIL: _end(until),
            Names.RESULT_MESSAGE: fitted(wording.text(step.progress), RESULT_MESSAGE_LENGTH),
        }
        return cls(job, True, values)

    @property
    def request(self) -> BatchRequest:
        """The write, on condition of the row version."""
        return BatchRequest.update(Names.SET, self.job.id, self.values, if_match=self.job.row_version)


def claiming(job: JobRow, token: str, started: datetime, until: datetime) -> BatchRequest:
    """The write that claims a job as it was read, on condition of its version; it clears what an earlier run left."""
    values: dict[str, object] = {
        Names.STATUS: JobStatus.IN_PROGRESS.value,
        Names.STATE: JobStatus.IN_PROGRESS.state,
        Names.CLAIM: token,
        Names.STARTED_ON: whole_seconds(started),
        Names.LEASE_UNTIL: _end(until),
        Names.ATTEMPTS: job.attempts + 1,
    }
    if job.result_code:
        values |= {Names.RESULT_CODE: None, Names.RESULT_MESSAGE: None, Names.COMPLETED_ON: None}
    return BatchRequest.update(Names.SET, job.id, values, if_match=job.row_version, returning=Names.ID)


def receipt_of(done: Done, wording: Wording) -> Receipt:
    """The outcome as its row takes it, and as an item carries it until then, in the language of its message."""
    return Receipt(
        status=done.status,
        code=fitted(done.code, RESULT_CODE_LENGTH),
        message=fitted(wording.text(done.message), RESULT_MESSAGE_LENGTH),
        automation_contact_id=fitted(done.automation_contact_id, AUTOMATION_CONTACT_ID_LENGTH),
    )


def _end(moment: datetime) -> str:
    """The end of a lease, rounded up: it must not be shorter than the lock of the message."""
    return whole_seconds(moment + timedelta(seconds=1) - timedelta.resolution)
