"""What became of new subscribers: counts for the log, and problems that may pass."""

import logging
from collections import Counter
from dataclasses import dataclass, field

from connector import telemetry
from connector.dataverse.api import Forbidden
from connector.errors import ConnectorError, Misconfigured, Transient, Unclear
from connector.sync.newcomers.choice import FAILED
from connector.sync.newcomers.external_ids import OPERATION

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tally:
    """Collects what became of contacts.

    Attributes:
        counts: how many became what.
        problems: those that may pass: the contacts have to be taken again.
    """

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[ConnectorError] = field(default_factory=list)

    def failed(self, error: ConnectorError) -> None:
        """Keep a problem that may pass; log and count another one."""
        if isinstance(error, Unclear):  # a row has an id of its own, so making it may be repeated
            error = Transient(error.sentence, code=error.result_code)
        if isinstance(error, Forbidden):
            error = Misconfigured(error.sentence, code=error.result_code, advice=error.advice)
        if isinstance(error, Transient | Misconfigured):
            self.problems.append(error)
            return
        telemetry.log_problem(log, error, operation=OPERATION)
        self.counts[FAILED] += 1

    def warn(self, sentence: str, counted: str) -> None:
        """Log a sentence without personal data, and count it."""
        log.warning("%s", sentence, extra=telemetry.fields(operation=OPERATION))
        self.counts[counted] += 1
