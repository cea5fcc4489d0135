"""Which problems are logged now: equal ones as one line a minute, and an outage as one alert.

When a key is wrong, every job of a backlog meets the same problem. The first is logged at once. Those that follow
within a minute are counted, and the next line says how many they were.

An alert is an error instead of a warning: the first line of an outage, and one line in ten minutes while it lasts. The
alert is armed again as soon as the same operation succeeds, so that the next outage is an alert too.

All times are seconds of any clock that never goes back.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Final

#: Seconds in which equal problems are one line.
LINE_INTERVAL: Final = 60.0

#: Seconds after which an outage that lasts is an alert again.
ALERT_INTERVAL: Final = 600.0


@dataclass(slots=True)
class _Line:
    """The last line about a problem, and how many equal problems were not logged since."""

    logged: float
    left_out: int = 0


@dataclass(slots=True)
class _Alert:
    """The last line of an outage that was an alert, and the operations that met the outage."""

    raised: float
    operations: set[str] = field(default_factory=set)


class ProblemLog[Problem: Hashable]:
    """Remembers what was logged. Not safe for threads."""

    def __init__(self) -> None:
        self._lines: dict[Problem, _Line] = {}
        self._alerts: dict[str, _Alert] = {}

    def count(self, problem: Problem, now: float) -> int:
        """How many problems the line to be logged now is about; 0 when none is to be logged."""
        line = self._lines.get(problem)
        if line is not None and now - line.logged < LINE_INTERVAL:
            line.left_out += 1
            return 0
        self._lines[problem] = _Line(now)
        return 1 if line is None else line.left_out + 1

    def overdue(self, now: float) -> Iterator[tuple[Problem, int]]:
        """The problems that were left out for a minute, and how many; they count as logged now. Forgets older ones."""
        for problem, line in list(self._lines.items()):
            if now - line.logged >= LINE_INTERVAL:
                del self._lines[problem]
                if line.left_out:
                    self._lines[problem] = _Line(now)
                    yield problem, line.left_out

    def is_alert(self, code: str, operation: str, now: float) -> bool:
        """Whether a line about the outage with this code is an alert: the first, or one after a long time."""
        alert = self._alerts.get(code)
        is_due = alert is None or now - alert.raised >= ALERT_INTERVAL
        if alert is None:
            alert = self._alerts[code] = _Alert(now)
        if is_due:
            alert.raised = now
        alert.operations.add(operation)
        return is_due

    def succeeded(self, operation: str) -> None:
        """Arm again the alerts about outages that this operation met: they are over."""
        for code, alert in list(self._alerts.items()):
            if operation in alert.operations:
                del self._alerts[code]
