"""What the Timers extension does around a function: keeps its schedule and passes its state.

Schedules are NCRONTAB: `{second} {minute} {hour} {day} {month} {day-of-week}`, in UTC, as in Azure on Linux. One timer
never runs twice at the same time. Due times that pass while it runs are replaced by one run, which is marked past due.
(Across restarts of the host nothing is remembered: the real one keeps that in its storage account.)
"""

import logging
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

from sandbox.functions import trigger_data
from sandbox.functions.bindings import TimerTrigger
from sandbox.functions.invocation import EngineDied, Invocation, Outcome
from sandbox.functions.service_bus import Invoker
from sandbox.functions.statistics import Statistics

#: What the status of a timer says before its first run: the zero of .NET's DateTime.
NEVER = "0001-01-01T00:00:00+00:00"

_FIELDS = 6
_CRON_ONLY = re.compile(r"[#LW?]")

_log = logging.getLogger(__name__)


class ScheduleRefused(ValueError):
    """A schedule is not an NCRONTAB expression that Azure would take."""


class Schedule:
    """An NCRONTAB expression of six fields. Raises ScheduleRefused for anything else."""

    def __init__(self, function: str, expression: str) -> None:
        fields = expression.split()
        problem = ""
        if len(fields) != _FIELDS:
            problem = f"has {len(fields)} fields instead of six"
        # NCRONTAB knows no "last", "weekday" or "nth"; the letters of month and day names stay allowed.
        elif any(_CRON_ONLY.search(_without_names(field)) for field in fields):
            problem = "uses a sign that NCRONTAB does not have"
        else:
            try:
                CronSim(expression, datetime.now(UTC))
            except CronSimError as error:
                problem = str(error)
        if problem:
            raise ScheduleRefused(f"{function}: the schedule {expression!r} {problem}. Example: 0 */5 * * * *")
        self._expression = expression

    def after(self, moment: datetime) -> datetime:
        """The first due time later than `moment`."""
        cron = CronSim(self._expression, moment)
        # cron takes either of day and day-of-week where both are given, NCRONTAB wants both to fit.
        cron.day_and = True
        return next(cron)


class Timer:
    """Runs one timer function on its schedule, and on demand."""

    def __init__(
        self,
        trigger: TimerTrigger,
        invoker: Invoker,
        statistics: Statistics,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = trigger.function
        self._trigger = trigger
        self._schedule = Schedule(trigger.function, trigger.schedule)
        self._invoker = invoker
        self._statistics = statistics
        self._clock = clock
        self._last = NEVER
        self._running = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"timer-{trigger.function}", daemon=True)
        statistics.know(trigger.function)

    def start(self) -> None:
        """Begins to keep the schedule."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Starts no more runs."""
        self._stopping.set()

    def join(self, timeout: float) -> bool:
        """Waits for a run under way; False where it goes on for more than `timeout` seconds."""
        if self._thread.ident is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def run(self, *, past_due: bool = False) -> Outcome:
        """Runs the function now, after a run that is under way. An engine that dies is a failed outcome."""
        with self._running:
            status = None
            if self._trigger.use_monitor:
                upcoming = self._schedule.after(self._clock()).isoformat()
                status = {"Last": self._last, "Next": upcoming, "LastUpdated": self._last}
            self._last = self._clock().isoformat()
            data = trigger_data.timer_input(status, past_due=past_due)
            self._statistics.began(self.name, 0)
            pending = self._invoker.invoke(Invocation(self.name, {self._trigger.parameter: data}))
            try:
                outcome = pending.result()
            except EngineDied as error:
                outcome = Outcome(f"EngineDied: {error}")
            self._statistics.ended(self.name, succeeded=outcome.succeeded)
        if not outcome.succeeded:
            _log.error("%s failed: %s", self.name, outcome.error.splitlines()[0])
        return outcome

    def _keep(self) -> None:
        if self._trigger.run_on_startup:
            self.run()
        due = self._schedule.after(self._clock())
        while not self._stopping.wait(max(0.0, (due - self._clock()).total_seconds())):
            self.run()
            missed = self._schedule.after(due) <= self._clock()
            if missed and not self._stopping.is_set():
                self.run(past_due=True)
            # A wait can end a moment early by this clock; the same due time must not come twice.
            due = self._schedule.after(max(due, self._clock()))


def _without_names(field: str) -> str:
    return re.sub(r"[A-Za-z]{3}", "", field)
