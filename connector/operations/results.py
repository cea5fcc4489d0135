"""How the work of one job can end, as values.

    Done        finished, or refused for good          the outcome is written on the row
    Continue    a long work did one step               its progress is written; the item comes back at once
    Failed      an error; its family decides           retried, or ended: `connector.jobs.verdict`
    Retry       a problem that may pass                the problem is written; the item comes back when it is due
    Unknown     work that must not run twice may       Failed, `OUTCOME_UNKNOWN`
                have been done

Operations return the first three; `connector.jobs.verdict` turns a Failed into one of the others.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from connector.dataverse.choices import JobStatus
from connector.errors import ConnectorError, OutcomeUnknown, Transient
from connector.outcomes import OK


class OlderFirst(Transient):
    """An older job of the same record or marketing list has to be done first."""

    code = "OLDER_FIRST"


@dataclass(frozen=True, slots=True)
class Done:
    """The job has ended.

    Attributes:
        status: Completed or Failed.
        code: `OK`, a code of ours, or the code of the system that refused.
        message: a sentence for people.
        automation_contact_id: the run that was started, if one was.
        post: what the timeline of the record shows about it; empty for nothing.
    """

    message: str
    code: str = OK
    status: JobStatus = JobStatus.COMPLETED
    automation_contact_id: str = ""
    post: str = ""

    @classmethod
    def failed(cls, error: ConnectorError) -> Self:
        """The work cannot be done; the error says why and what to do."""
        return cls(error.for_people, error.result_code, JobStatus.FAILED)


@dataclass(frozen=True, slots=True)
class Continue:
    """One step of a long work is done, and more is to do.

    Attributes:
        progress: for people, e.g. `12,000 of 100,000`.
    """

    progress: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The work met an error.

    Attributes:
        begun: whether the work itself was begun, so that repeating it could do it twice.
    """

    error: Exception
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """Another attempt is made.

    Attributes:
        due: when, in UTC.
        problem: why, as the row shows it; None where the job only waits for an older one of its record.
    """

    due: datetime
    problem: ConnectorError | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Work that must not run twice may have been done.

    Attributes:
        why: a sentence.
    """

    why: str

    @property
    def outcome(self) -> Done:
        """What the row shows."""
        return Done.failed(OutcomeUnknown(self.why))


type Result = Done | Continue | Failed
