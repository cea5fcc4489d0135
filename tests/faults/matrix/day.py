"""The day of a cell: functions, sweep and timers work between the stand-ins, in a time that moves when all wait."""

import time as machine_time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import requests
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ClientSecretCredential

from connector.dataverse.api import Dataverse
from connector.dataverse.api.client import API
from connector.dataverse.api.tokens import RETRIES, CachedTokens
from connector.dataverse.names import Job
from connector.due import SWEEP_INTERVAL
from connector.errors import ConnectorError
from connector.http import Clock, Transport
from connector.jobs.batch import run_batch
from connector.jobs.sweep import sweep
from connector.operations.registry import OPERATIONS, operation_of
from connector.routing.router import Incoming, Router
from connector.servicebus.entities import QUEUE_DATAVERSE, SYNC_RECORDS, TOPIC_JOBS
from connector.services import RouterServices, Services
from connector.spotler import Spotler
from connector.spotler.calls import Calls
from connector.spotler.leads import leads_from
from connector.spotler.signature import OAuth1
from connector.sync.automatic.changes import sync_changes
from connector.sync.automatic.items import Delivered
from connector.threads import ContextThreadPool
from sandbox.servicebus.delivery import Outcome
from sandbox.servicebus.errors import AmqpError
from sandbox.servicebus.message import Message
from tests.faults.matrix.app import AS_DELIVERED, App
from tests.faults.matrix.systems import DATAVERSE_URL, Systems
from tests.faults.matrix.wire import Death, TouchedBus, TouchedState, Wire, WireAdapter
from tests.faults.simulated_bus import SimulatedTime, body_of

#: Until when everything must be over.
PATIENCE: Final = timedelta(hours=12)
#: A timer that failed runs again so much later.
NEXT_RUN: Final = timedelta(minutes=10)
#: The bus counts in whole ones: so much later, what is due at a moment is due without doubt.
MILLISECOND: Final = 0.001

type Timer = Callable[[Services], object]


class CellTime(SimulatedTime):
    """Stands still, but for those who wait. It starts at a whole second, so that no cell depends on the moment."""

    def __init__(self, start: datetime | None = None) -> None:
        super().__init__()
        self._start = start.timestamp() if start else float(int(machine_time.time()))

    def wall(self) -> float:
        return self._start + self._ahead

    def monotonic(self) -> float:
        return self._ahead

    def sleep(self, seconds: float) -> None:
        self._ahead += seconds

    def move_to(self, moment: datetime) -> None:
        self._ahead = max(self._ahead, moment.timestamp() - self._start + MILLISECOND)


class InlinePool(ContextThreadPool):
    """Does the work at once, in the thread that orders it: so touches always come in the same order."""

    def submit[**P, R](self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Do the work."""
        future = Future[R]()
        try:
            future.set_result(work(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - raised where the result is read, as by any pool
            future.set_exception(error)
        return future


class _TokenTransport(RequestsTransport):
    """What azure-identity sends with; it waits in the time of the day."""

    def __init__(self, wire: Wire) -> None:
        session = requests.Session()
        session.trust_env = False  # there is no proxy on the wire, and nobody looks for one
        session.mount("https://", WireAdapter(wire))
        super().__init__(session=session, session_owner=False)
        self._time = wire.time

    def sleep(self, duration: float) -> None:
        self._time.sleep(duration)


@dataclass(slots=True)
class _Timer:
    work: Timer
    due: datetime


class Day:
    """The functions of one process after the other, until everything is over."""

    def __init__(self, systems: Systems, wire: Wire, timers: Iterable[Timer] = (), app: App = AS_DELIVERED) -> None:
        self.systems = systems
        self._app = app
        self.wire = wire
        self.time = wire.time
        self.bus = TouchedBus(wire)
        self.failures: list[Exception] = []
        self.deaths = 0
        #: Called at a death, before the next process starts.
        self.on_death: Callable[[], None] = lambda: None
        self._timers = [_Timer(work, self.time.now()) for work in timers]
        self._swept = self.time.now()
        self._start_process()

    def run(self, patience: timedelta = PATIENCE) -> bool:
        """Work until every job has ended and nothing is on its way; False if that is not so in the end."""
        end = self.time.now() + patience
        while self.time.now() < end:
            if self._work():
                continue
            if self.is_over():
                if not self.wire.held:
                    return True
                if self.wire.release(lambda held: held.due is None):
                    continue
            self._jump(end)
        return False

    def run_soon(self, timer: Timer) -> None:
        """Run this as soon as the day goes on; again, a while later, if it fails."""
        self._timers.append(_Timer(timer, self.time.now()))

    def is_over(self) -> bool:
        """Whether every job has ended, every timer has done its work, and nothing is on its way."""
        return self.bus.is_quiet() and not self._timers and not self.unfinished()

    def unfinished(self) -> list[str]:
        """The jobs that have not ended."""
        return [str(row[Job.ID]) for row in self.systems.rows(Job.TABLE) if row[Job.STATE] == 0]

    # Work

    def _work(self) -> bool:
        """One batch of every function that has messages; whether there was any."""
        worked = False
        for timer in [each for each in self._timers if each.due <= self.time.now()]:
            worked = True
            self._run_timer(timer)
        slugs = (*OPERATIONS, SYNC_RECORDS)
        for path in (QUEUE_DATAVERSE, *(f"{TOPIC_JOBS}/Subscriptions/{slug}" for slug in slugs)):
            messages = self.bus.receive(path)
            if messages:
                worked = True
                self._deliver(path, messages)
        return worked

    def _deliver(self, path: str, messages: Sequence[Message]) -> None:
        """As the host does: a batch that raises is abandoned, any other is completed, one message after the other."""
        try:
            self._run(path, messages)
            outcome = Outcome.COMPLETE
        except Death:
            self._restart()
            return
        except Exception as error:  # noqa: BLE001 - kept for the checker
            self.failures.append(error)
            outcome = Outcome.ABANDON
        for message in messages:
            try:
                with suppress(AmqpError):  # its lock has passed
                    self.bus.settle_one(path, message, outcome)
            except Death:
                self._restart()
                return

    def _run(self, path: str, messages: Sequence[Message]) -> None:
        if path == QUEUE_DATAVERSE:
            services = RouterServices(bus=self.bus, now=self.time.now, mapping=self._services.mapping)  # type: ignore[arg-type]
            Router(services).run([Incoming(body_of(each), {}) for each in messages])
        elif path.endswith(SYNC_RECORDS):
            delivered = [Delivered(body_of(each), each.delivery_count > 0) for each in messages]
            sync_changes(self._services, delivered)
        else:
            operation = operation_of(path.rpartition("/")[2])
            run_batch(self._services, operation, [body_of(each) for each in messages])

    def _run_timer(self, timer: _Timer) -> None:
        try:
            timer.work(self._services)
            self._timers.remove(timer)
        except Death:
            self._restart()
            timer.due = self.time.now() + NEXT_RUN
        except ConnectorError as error:
            self.failures.append(error)
            timer.due = self.time.now() + NEXT_RUN

    def _sweep(self) -> None:
        try:
            sweep(self._services)
        except Death:
            self._restart()
        except ConnectorError as error:
            self.failures.append(error)

    def _jump(self, end: datetime) -> None:
        """Nothing is ready: go to the next thing that is due."""
        late = [datetime.fromtimestamp(held.due, UTC) for held in self.wire.held if held.due is not None]
        sweep_due = self._swept + SWEEP_INTERVAL
        dues = [self.bus.next_due(), sweep_due, end, *late, *(timer.due for timer in self._timers)]
        self.time.move_to(min(due for due in dues if due is not None))
        self.wire.release(lambda held: held.due is not None and held.due <= self.time.wall())
        if self.time.now() >= sweep_due:
            self._swept = self.time.now()
            self._sweep()

    # The process

    def _restart(self) -> None:
        self.deaths += 1
        self.on_death()
        self._start_process()

    def _start_process(self) -> None:
        """A process that has asked for nothing yet."""
        self.wire.revive()
        self._services = services_on(self.systems, self.wire, self.bus, self._app)


def services_on(systems: Systems, wire: Wire, bus: TouchedBus, app: App = AS_DELIVERED) -> Services:
    """The connector's own clients, on the wire."""
    settings, time = app.settings_on(systems.settings), wire.time
    clock = Clock(time.monotonic, time.wall, time.sleep, time.random)
    common: dict[str, Any] = {"clock": clock, "timeout": 10, "parallel": 4, "session": wire}

    def credential() -> ClientSecretCredential:
        return ClientSecretCredential(
            settings.dataverse_tenant_id or "",
            settings.dataverse_client_id or "",
            settings.dataverse_client_secret.get_secret_value() if settings.dataverse_client_secret else "",
            authority=DATAVERSE_URL,
            disable_instance_discovery=True,
            retry_total=RETRIES,
            transport=_TokenTransport(wire),
        )

    signature = OAuth1(settings.spotler_key.get_secret_value(), settings.spotler_secret.get_secret_value())
    claims = iter(range(1, 1_000_000))
    pool = InlinePool(1)
    dataverse = Dataverse(
        Transport(settings.dataverse_url + API, system="Dataverse", **common), CachedTokens(credential, clock=clock)
    )
    return Services(
        settings=settings,
        dataverse=dataverse,
        spotler=Spotler(
            Calls(Transport(settings.spotler_url, system="Spotler", **common), signature, clock=clock), clock=clock
        ),
        bus=bus,  # type: ignore[arg-type]
        mapping=app.mapping_on(dataverse, time),
        state=TouchedState(systems.state, wire),
        pool=pool,
        side_pool=pool,
        now=time.now,
        new_id=lambda: f"claim-{id(wire)}-{len(wire.touches)}-{next(claims)}",
        leads=leads_from(settings, session=wire, clock=clock),  # type: ignore[arg-type]
    )
