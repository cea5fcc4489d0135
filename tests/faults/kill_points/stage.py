"""What stands around a trial: bus, Dataverse and Spotler as processes, the timer, and eyes for all of it.

One stage serves many trials at the same time. They share the systems, but no record, no job, and at no time a
subscription: whoever sends items to one holds its lock.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

import requests

from connector.dataverse.choices import AutomationKind
from connector.dataverse.names import Automation, EnvironmentVariable, Job, Visitor
from connector.routing.work_item import WorkItem
from connector.servicebus.bus import Bus, bus_from
from connector.servicebus.entities import TOPIC_JOBS
from connector.settings import Settings
from connector.spotler import Spotler, spotler_from
from sandbox.people import People
from sandbox.sample_setup import PERMISSIONS_DEFINITION
from sandbox.spotler import seed as account
from sandbox.spotler.side_door.client import SideDoor
from sandbox.system import Options, Surroundings, surroundings
from tests.faults.kill_points.cast import Row, Shared
from tests.faults.kill_points.children import Child
from tests.faults.kill_points.evidence import Entry, Evidence, Happening, JobEvent, Written, by_contact
from tests.faults.kill_points.worker import be_timer

#: Locks and leases are short, so that what the dead left is taken over in seconds, but longer than a batch takes.
LOCK_SECONDS: Final = 3.0
LEASE_SECONDS: Final = 4.0
#: The sweep does not wake up jobs that a victim is about to take.
SWEEP_AFTER_SECONDS: Final = 3.0
#: Audiences that the account may have: more than all trials make.
AUDIENCES: Final = 10_000
#: Seconds between two looks at the journal of jobs, for all who wait together.
LOOK: Final = 0.25


class Stage:
    """The running systems. Safe to use from several threads."""

    def __init__(self, around: Surroundings) -> None:
        self.settings: Mapping[str, str] = around.settings
        self.door = SideDoor(around.spotler.get("url"))
        self.door.settings(max_audiences=AUDIENCES)
        self.people = People(around.dataverse)
        settings = _read(around.settings)
        self.spotler: Spotler = spotler_from(settings)
        self.jobs = JobJournal(lambda after: self._entries(after, Job.TABLE))
        self._bus: Bus = bus_from(settings)
        self._url = f"{around.dataverse.get('url')}/_sandbox"
        self._session = requests.Session()
        self._session.verify = around.dataverse.get("ca_file")
        self._session.trust_env = False
        self._session_lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._shared: Shared | None = None

    @property
    def shared(self) -> Shared:
        """What all trials have in common; made once."""
        with self._locks["shared"]:
            if self._shared is None:
                self._shared = self._share()
            return self._shared

    @contextmanager
    def alone_with(self, slugs: Iterable[str]) -> Iterator[None]:
        """Nobody else uses these subscriptions meanwhile."""
        locks = [self._locks[slug] for slug in sorted(slugs)]
        for lock in locks:
            lock.acquire()
        try:
            yield
        finally:
            for lock in locks:
                lock.release()

    def load(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Put rows into Dataverse, without a trace in its journal and without a message."""
        self._side_door("POST", "rows", json=rows)

    def wake(self, items: Iterable[WorkItem]) -> None:
        """Publish items as the router does."""
        self._bus.to_topic(TOPIC_JOBS, [item.message(f"{item.job}/created") for item in items])

    def evidence(self) -> Evidence:
        """What has happened so far, of all trials."""
        contacts = self.door.state()["contacts"]
        tables = (Automation.TABLE, EnvironmentVariable.TABLE, Visitor.TABLE)
        return Evidence(
            happenings=by_contact(Happening.from_entry(entry) for entry in self.door.journal()),
            contacts={
                str(contact["externalId"]): cast("Mapping[str, object]", contact["properties"]) for contact in contacts
            },
            written=[Written.from_entry(entry) for table in tables for entry in self._entries(0, table)],
        )

    def close(self) -> None:
        """Close the connections."""
        self._bus.close()
        self.spotler.close()
        self._session.close()

    def _entries(self, after: int, table: str) -> list[Entry]:
        return cast("list[Entry]", self._side_door("GET", f"journal?after={after}&table={table}"))

    def _side_door(self, method: str, path: str, json: object = None) -> object:
        """Ask behind the back of Dataverse's API, all threads through one connection."""
        with self._session_lock:
            answer = self._session.request(method, f"{self._url}/{path}", json=json, timeout=60)
        if not answer.ok:
            raise ValueError(f"Dataverse refused {path}: {answer.text}")
        found: object = answer.json()
        return found

    def _share(self) -> Shared:
        rows = {
            kind: self.people.create(
                Automation.SET,
                {
                    Automation.NAME: name,
                    Automation.TRIGGER_CODE: code,
                    Automation.AUTOMATION_ID: number,
                    Automation.KIND: kind.value,
                },
            )
            for kind, name, code, number in (
                (
                    AutomationKind.AUTOMATION, "🚀 Welcome",
                    account.WELCOME_TRIGGER_CODE, account.WELCOME_AUTOMATION_ID,
                ),
                (AutomationKind.CAMPAIGN, "📢 Invoice sent", account.CAMPAIGN_TRIGGER_ID, account.CAMPAIGN_ID),
            )
        }  # fmt: skip
        variable = self.people.create(EnvironmentVariable.SET, PERMISSIONS_DEFINITION)
        return Shared(rows[AutomationKind.AUTOMATION], rows[AutomationKind.CAMPAIGN], variable)


class JobJournal:
    """The journal of the job rows, read on as it grows, once for all who wait.

    Args:
        read: the entries after a number.
    """

    def __init__(self, read: Callable[[int], Sequence[Entry]]) -> None:
        self._read = read
        self._events: dict[str, list[JobEvent]] = defaultdict(list)
        self._last = 0
        self._fresh_until = 0.0
        self._lock = threading.Lock()

    def of(self, jobs: Iterable[str], *, fresh: bool = False) -> dict[str, tuple[JobEvent, ...]]:
        """What was written to these jobs; with `fresh`, everything until now, else perhaps a moment less."""
        with self._lock:
            if fresh or time.monotonic() >= self._fresh_until:
                for entry in self._read(self._last):
                    self._last = cast("int", entry["seq"])
                    self._events[str(entry["id"])].append(JobEvent.from_entry(entry))
                self._fresh_until = time.monotonic() + LOOK
            return {job: tuple(self._events[job]) for job in jobs}


@contextmanager
def standing(folder: Path | None = None) -> Iterator[Stage]:
    """Start everything, and end it when the context ends."""
    options = Options(
        lock_seconds=LOCK_SECONDS,
        dataverse_arguments=("--no-limits",),  # hundreds of trials in minutes are no use that anybody has
        settings={
            "JOB_LEASE_SECONDS": str(LEASE_SECONDS),
            "JOB_SWEEP_AFTER_SECONDS": str(SWEEP_AFTER_SECONDS),
        },
    )
    with surroundings(options, folder=folder) as around:
        stage = Stage(around)
        try:
            with Child(be_timer, dict(around.settings)):
                yield stage
        finally:
            stage.close()


def _read(settings: Mapping[str, str]) -> Settings:
    """The settings of the app, without an environment to read them from."""
    own_names = {name if name == "ServiceBus" else name.lower(): value for name, value in settings.items()}
    return Settings.model_validate(own_names)
