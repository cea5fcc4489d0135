"""What becomes of writes: a row that Dataverse refuses is logged and counted, anything else ends the run."""

import logging
from typing import Final

from connector import telemetry
from connector.dataverse.api import Forbidden
from connector.errors import ConnectorError, Misconfigured, Refused

log = logging.getLogger(__name__)

#: Words of the counts.
FAILED: Final = "failed"


def count_refusal(error: ConnectorError) -> str:
    """Log a refused row, and say how it is counted.

    Raises:
        ConnectorError: it was not written for a reason that passes, or that somebody has to remove.
    """
    if isinstance(error, Forbidden):  # what is read waits until the role is right
        raise Misconfigured(error.sentence, advice=error.advice)
    if not isinstance(error, Refused):
        raise error
    telemetry.log_problem(log, error, operation="visitors")
    return FAILED
