"""The columns of the row of a job that say how it ended, or how far it is."""

from datetime import datetime
from typing import Final

from connector.dataverse.api import filters
from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job
from connector.dataverse.texts import fitted

#: The longest text that the columns of the result take.
RESULT_CODE_LENGTH: Final = 100
RESULT_MESSAGE_LENGTH: Final = 4000


def outcome_columns(status: JobStatus, code: str, message: str, ended: datetime) -> dict[str, object]:
    """The columns of a job that has ended; code and message are cut to what the columns take."""
    return {
        Job.STATUS: status.value,
        Job.STATE: status.state,
        Job.RESULT_CODE: fitted(code, RESULT_CODE_LENGTH),
        Job.RESULT_MESSAGE: fitted(message, RESULT_MESSAGE_LENGTH),
        Job.COMPLETED_ON: whole_seconds(ended),
    }


def whole_seconds(moment: datetime) -> str:
    """A moment as Dataverse keeps it."""
    return filters.literal(moment.replace(microsecond=0))
