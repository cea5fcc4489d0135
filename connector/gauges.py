"""What only a look at the systems can tell, for operators: how much waits, for how long, and what stands still.

The sweep sets these gauges at its end, because it runs every few minutes on one instance. What cannot be read is
logged, and the other gauges are set. A gauge by entity, timer or feed is a row for each of them, so rows that would
say 0 are left out, and what changes slowly is reported every ten minutes only.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from connector import telemetry
from connector.dataverse.api import Query, filters
from connector.dataverse.api.counting import first_and_count
from connector.dataverse.names import Job
from connector.plans.kept import plans_that_wait
from connector.pulls.checkpoint import FEEDS, FeedValue
from connector.pulls.switches import is_switched_on
from connector.reconcile.progress import last_certificate
from connector.servicebus.browse import MessageBrowser
from connector.servicebus.entities import QUARANTINE, dead_letter_locations, work_locations
from connector.services import Services
from connector.state import StoredValueUnreadable
from connector.state.successes import PREFIX as SUCCESSES, last_success
from connector.telemetry.measuring import is_collecting, set_gauge
from connector.telemetry.names import (
    BACKLOG,
    BRAKE_HELD,
    CHECKPOINT_AGE,
    DEAD_LETTERS,
    JOBS_OLDEST,
    JOBS_WAITING,
    QUARANTINE as QUARANTINED,
    RECONCILE_REMAINDER,
    TIMER_LAST_SUCCESS,
)

log = logging.getLogger(__name__)

#: Messages that are counted of one entity: enough to see that something waits, and how it grows.
MOST_MESSAGES: Final = 500
#: What changes slowly is reported this often.
SLOWLY: Final = timedelta(minutes=10)

#: The gauges in the log, where one cannot be set.
OPERATION: Final = "gauges"


class Gauges:
    """The gauges that a sweep sets; one for each process, because it remembers when it reported what changes slowly."""

    def __init__(self) -> None:
        self._slow_on: datetime | None = None

    def look(self, services: Services) -> None:
        """Set the gauges, if anybody wants to know."""
        if not is_collecting():
            return
        now = services.now()
        readers: list[Callable[[Services, datetime], None]] = [_jobs, _messages, _brake, _reconcile]
        if self._slow_on is None or not timedelta(0) <= now - self._slow_on < SLOWLY:
            self._slow_on = now
            readers += [_timers, _feeds]
        for read in readers:
            try:
                read(services, now)
            except Exception as error:  # noqa: BLE001 - what cannot be seen stops nothing
                telemetry.log_problem(log, error, operation=OPERATION)


def _jobs(services: Services, now: datetime) -> None:
    query = Query(
        set_name=Job.SET, select=(_CREATED_ON,), filter=filters.eq(Job.STATE, 0), orderby=(_CREATED_ON,), top=1
    )
    oldest, count = first_and_count(services.dataverse, query)
    created = datetime.fromisoformat(str(oldest[_CREATED_ON])) if oldest else now
    set_gauge(JOBS_WAITING, count)
    set_gauge(JOBS_OLDEST, _age(created, now))


def _messages(services: Services, _: datetime) -> None:
    browser = MessageBrowser(services.settings)
    locations = (*work_locations(), QUARANTINE, *dead_letter_locations())
    counts = browser.count(locations, most=MOST_MESSAGES)
    for location, count in counts.items():
        if location == QUARANTINE:
            set_gauge(QUARANTINED, count)
        elif count:
            set_gauge(DEAD_LETTERS if location.dead_letters else BACKLOG, count, entity=location.name)


def _brake(services: Services, _: datetime) -> None:
    set_gauge(BRAKE_HELD, len(plans_that_wait(services.state)))


def _reconcile(services: Services, _: datetime) -> None:
    records = last_certificate(services).get("records")
    remainder = records.get("remainder") if isinstance(records, Mapping) else None
    if isinstance(remainder, int):
        set_gauge(RECONCILE_REMAINDER, remainder)


def _timers(services: Services, now: datetime) -> None:
    for name in services.state.names(SUCCESSES):
        timer = name.removeprefix(SUCCESSES)
        try:
            moment = last_success(services.state, timer, now)
        except StoredValueUnreadable as error:
            telemetry.log_problem(log, error, operation=OPERATION)
            continue
        if moment is not None:
            set_gauge(TIMER_LAST_SUCCESS, _age(moment, now), timer=timer)


def _feeds(services: Services, now: datetime) -> None:
    for name in services.state.names(FEEDS):
        feed = name.removeprefix(FEEDS)
        if not is_switched_on(services, feed):
            continue
        try:
            stored = services.state.read(name)
            until = FeedValue.of(name, stored.value).until if stored else None
        except StoredValueUnreadable as error:
            telemetry.log_problem(log, error, operation=OPERATION)
            continue
        if until is not None:
            set_gauge(CHECKPOINT_AGE, _age(until, now), feed=feed)


def _age(moment: datetime, now: datetime) -> float:
    return round(max((now - moment).total_seconds(), 0.0), 1)


_CREATED_ON: Final = "createdon"

#: Those of this process.
gauges: Final = Gauges()
