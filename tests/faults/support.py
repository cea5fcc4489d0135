"""A simulated day: the connector's own code between both stand-ins, on the stand-in's bus, in a time that can be moved.

What takes hours in Azure takes seconds here, because nobody waits: whoever sleeps moves the clock, and when nothing is
to do the clock jumps to the next thing that is due. The queues, locks, delays and the detection of duplicates are those
of the Service Bus stand-in; Dataverse and Spotler are asked by the connector's real clients.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import requests

from connector.dataverse.api import Dataverse
from connector.dataverse.api.client import API
from connector.dataverse.api.tokens import tokens_from
from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job
from connector.errors import ConnectorError
from connector.http import Clock, Transport
from connector.jobs.batch import run_batch
from connector.jobs.sweep import sweep
from connector.operations.registry import operation_of
from connector.routing.router import Incoming, Router
from connector.routing.subscriptions import CARRIED_OUT, RESOLVE
from connector.servicebus.bus import OutgoingMessage
from connector.servicebus.entities import QUEUE_DATAVERSE, TOPIC_JOBS
from connector.services import RouterServices
from connector.spotler import Spotler
from connector.spotler.calls import Calls
from connector.spotler.signature import OAuth1
from sandbox.dataverse.server import Ready
from sandbox.servicebus.delivery import Outcome
from sandbox.servicebus.message import Message
from sandbox.spotler.server import Running
from tests.faults.simulated_bus import SimulatedBus, SimulatedTime, body_of
from tests.unit.world import World

#: The interval of the sweep, as in local.settings.json.
SWEEP_INTERVAL: Final = timedelta(minutes=2)
SLUGS: Final = (RESOLVE, *(operation.slug for operation in CARRIED_OUT))


class RecordingSender:
    """Keeps what was sent to Spotler: the transport of `connector.spotler.calls.Calls` with a memory."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.sent: list[str] = []

    def send(self, method: str, path: str, **details: object) -> requests.Response:
        self.sent.append(f"{method} {path} {details.get('params') or ''} {details.get('json')}")
        return self.transport.send(method, path, **details)

    def close(self) -> None:
        self.transport.close()


class Mistakes(logging.Handler):
    """Remembers the fingerprints of internal errors, also of those that passed when they were tried again."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if hasattr(record, "fingerprint"):
            self.seen.append(record.getMessage())


class Simulation(World):
    """The world of the unit tests with a bus that delivers and a clock that goes on."""

    def __init__(
        self,
        dataverse: Ready,
        spotler: Running,
        pool: ThreadPoolExecutor,
        states: Path,
        *,
        parallel: int = 4,
        clock: SimulatedTime | None = None,
    ) -> None:
        super().__init__(dataverse, spotler, pool, states)
        World.close(self)  # its clients stand in a time that does not go on
        self.time = clock or SimulatedTime()
        self.bus = SimulatedBus(self.time)
        self.failures: list[Exception] = []
        self.mistakes = Mistakes()
        logging.getLogger("connector").addHandler(self.mistakes)
        self._moved = 0.0
        self._swept = self.time.now()
        own_clock = Clock(self.time.monotonic, self.time.wall, self.time.sleep, self.time.random)
        settings = self.services.settings
        common = {"clock": own_clock, "timeout": 10, "parallel": parallel}
        self.wire = RecordingSender(Transport(settings.spotler_url, system="Spotler", **common))
        self.services = replace(
            self.services,
            dataverse=Dataverse(
                Transport(settings.dataverse_url + API, system="Dataverse", verify=dataverse.ca_file, **common),
                tokens_from(settings, verify=dataverse.ca_file),
            ),
            spotler=Spotler(Calls(self.wire, OAuth1(spotler.key, spotler.secret), clock=own_clock), clock=own_clock),
            bus=self.bus,
            now=self.time.now,
        )
        self._router = Router(RouterServices(bus=self.bus, now=self.time.now))

    def close(self) -> None:
        logging.getLogger("connector").removeHandler(self.mistakes)
        super().close()

    def start_over(self) -> None:
        """Nothing in either system, nothing on the bus; the clock goes on."""
        self.spotler.reset()
        self.door("POST", "reset")
        self.new_bus()
        self._moved = 0.0

    def new_bus(self) -> None:
        """A bus with nothing on it."""
        self.bus = SimulatedBus(self.time)
        self.services = replace(self.services, bus=self.bus)
        self._router = Router(RouterServices(bus=self.bus, now=self.time.now))

    # What comes in

    def wake(self, *jobs: str) -> None:
        """Put the wake-ups of these jobs on the topic, as the router would."""
        rows = {str(row[Job.ID]): row for row in self.rows(Job.TABLE)}
        self.row = lambda job: rows[job]  # one look for all of them
        try:
            items = [self.item(job).model_copy(update={"first_seen": self.time.now()}) for job in jobs]
        finally:
            del self.row
        self.bus.to_topic(TOPIC_JOBS, [item.message(f"{item.job}/created") for item in items])

    def post(self, *bodies: bytes) -> None:
        """Put messages on the queue that Dataverse writes to."""
        self.bus.to_queue(QUEUE_DATAVERSE, [OutgoingMessage(body, f"post-{n}") for n, body in enumerate(bodies)])

    # Time

    def pass_time(self, duration: timedelta) -> None:
        """Let the functions and the sweep work for so long, whatever comes."""
        end = self.time.now() + duration
        while self.time.now() < end:
            if not self._work():
                self._jump(end)
        self._tell_dataverse()

    def run_until_over(self, patience: timedelta = timedelta(hours=12)) -> None:
        """Let the functions and the sweep work until every job has ended and nothing is on its way."""
        end = self.time.now() + patience
        while True:
            if not self._work():
                if self.bus.is_quiet() and not self.unfinished():
                    return
                assert self.time.now() < end, f"not over within {patience}: {self.unfinished()}"
                self._jump(end + timedelta(seconds=1))

    def _jump(self, end: datetime) -> None:
        """Nothing is ready: go to the next message or the next sweep."""
        sweep_due = self._swept + SWEEP_INTERVAL
        self.time.move_to(min(filter(None, (self.bus.next_due(), sweep_due, end))))
        if self.time.now() >= sweep_due:
            self._swept = self.time.now()
            self.sweep()

    def sweep(self) -> None:
        """As the timer: what it raises is logged by the host and forgotten."""
        self._tell_dataverse()
        try:
            sweep(self.services)
        except ConnectorError as error:
            self.failures.append(error)

    def _work(self) -> bool:
        """One batch of every function that has messages; whether there was any."""
        self._tell_dataverse()
        worked = False
        while messages := self.bus.receive(QUEUE_DATAVERSE):
            worked = True
            self._deliver(QUEUE_DATAVERSE, messages)
        for slug in SLUGS:
            messages = self.bus.receive(f"{TOPIC_JOBS}/Subscriptions/{slug}")
            if messages:
                worked = True
                self._deliver(f"{TOPIC_JOBS}/Subscriptions/{slug}", messages)
        return worked

    def _deliver(self, path: str, messages: Sequence[Message]) -> None:
        """As the host does: a batch that raises is abandoned, any other is completed."""
        try:
            if path == QUEUE_DATAVERSE:
                self._router.run([Incoming(body_of(each), {}) for each in messages])
            else:
                operation = operation_of(path.rpartition("/")[2])
                run_batch(self.services, operation, [body_of(each) for each in messages])
        except Exception as error:  # noqa: BLE001 - kept for the test to look at
            self.failures.append(error)
            self.bus.settle(path, messages, Outcome.ABANDON)
        else:
            self.bus.settle(path, messages, Outcome.COMPLETE)

    def _tell_dataverse(self) -> None:
        ahead = self.time.ahead
        if ahead - self._moved > 0.5:  # less is lost in the whole seconds that Dataverse keeps
            self.door("POST", "clock", json={"move_seconds": ahead - self._moved})
            self._moved = ahead

    # What became of it

    def unfinished(self) -> list[str]:
        return [str(row[Job.ID]) for row in self.rows(Job.TABLE) if row[Job.STATE] == 0]

    def outcomes(self) -> dict[str, tuple[str, str | None]]:
        """Status and code of every job, by id."""
        return {
            str(row[Job.ID]): (JobStatus(row[Job.STATUS]).label, row[Job.RESULT_CODE]) for row in self.rows(Job.TABLE)
        }
