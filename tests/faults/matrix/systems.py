"""Both stand-ins in this process, called without a network, and what tests do behind the back of their APIs."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import requests

from connector.dataverse.names import Job
from connector.settings import Settings
from sandbox.dataverse.app import Application
from sandbox.dataverse.calls import Call
from sandbox.dataverse.environment import Environment
from sandbox.dataverse.limits import LimitSettings
from sandbox.dataverse.settings import Settings as DataverseSettings
from sandbox.leads import server as leads
from sandbox.leads.app import LeadsSandbox
from sandbox.spotler import server as spotler
from sandbox.spotler.app import Sandbox
from sandbox.spotler.dates import Clock
from sandbox.spotler.settings import Credential
from sandbox.spotler.side_door.controls import Controls
from sandbox.spotler.side_door.events import emit
from sandbox.spotler.side_door.fixtures import FIXTURES
from sandbox.spotler.side_door.state import state
from tests.faults.simulated_bus import SimulatedTime
from tests.in_process import answered
from tests.memory_state import MemoryState

type Entry = Mapping[str, object]
type Rows = Mapping[str, Sequence[Mapping[str, object]]]

DATAVERSE_URL: Final = "https://dataverse.localhost"
SPOTLER_URL: Final = "http://127.0.0.1"
LEADS_URL: Final = "https://leads.localhost"
#: Audiences that the account may have: more than a work makes.
AUDIENCES: Final = 100


class _SharedClock(Clock):
    """A clock of Spotler that shows this time."""

    __slots__ = ("_time",)

    def __init__(self, time: SimulatedTime) -> None:
        super().__init__()
        self._time = time

    def now(self) -> datetime:
        return datetime.fromtimestamp(round(self._time.wall(), 3), UTC)


class Systems:
    """A Dataverse and a Spotler. One pair serves many cells, one after the other."""

    def __init__(self) -> None:
        self.environment = Environment(DataverseSettings(limits=LimitSettings(enabled=False)))
        self.environment.addresses = (DATAVERSE_URL,)
        self.sandbox = Sandbox()
        self.controls = Controls(self.sandbox)
        self.leads = LeadsSandbox()
        self.settings = _settings(self.environment.settings, self.sandbox.settings.credentials[0], self.leads)
        self._applications = {
            DATAVERSE_URL: Application(self.environment),
            LEADS_URL: leads.app_of(self.leads),
            SPOTLER_URL: spotler.app_of(self.sandbox),
        }
        self.state = MemoryState()

    def start_over(self, time: SimulatedTime) -> None:
        """Nothing in either system; their clocks are this one."""
        self.environment.reset()
        self.environment.steps.submit, self.environment.steps.tables = None, [Job.TABLE]
        self.environment.clock.timestamp = time.wall  # type: ignore[method-assign]
        self.sandbox.reset()
        self.leads.reset()
        self.leads.clock = time.now
        self.state = MemoryState()
        self.controls.change_settings(json.dumps({"max_audiences": AUDIENCES}).encode())

    def share_clock(self, time: SimulatedTime) -> None:
        """Spotler goes by the same clock as Dataverse."""
        clock = _SharedClock(time)
        self.sandbox.world.clock = self.sandbox.world.journal.clock = clock

    def answer(self, request: requests.PreparedRequest) -> requests.Response:
        """Carry out a request, as the system behind its address does."""
        url = str(request.url)
        return answered(next(app for address, app in self._applications.items() if url.startswith(address)), request)

    # What people do

    def load(self, rows: Rows) -> dict[str, list[str]]:
        """Put rows in place, without a trace in the journal."""
        return self.environment.load({table: [dict(row) for row in of_table] for table, of_table in rows.items()})

    def by_person(self, method: str, path: str, values: Mapping[str, object]) -> None:
        """Write a row as a user does, through the API."""
        user, headers = self.environment.administrator, {"content-type": "application/json"}
        call = Call(method, path, "", headers, json.dumps(values).encode(), user, DATAVERSE_URL, str(uuid4()))
        answer = self.environment.answer(call)
        assert answer.status < 300, answer.body

    # What there is

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table: every column that has a value."""
        return [dict(row.values) for row in self.environment.store.tables[table].rows.values()]

    def written(self, table: str | None = None) -> list[Entry]:
        """Committed writes, oldest first."""
        return list(self.environment.journal.entries(table=table))

    def effects(self) -> list[Entry]:
        """What happened in Spotler, oldest first."""
        return [entry.shown() for entry in self.sandbox.world.journal.entries]

    def last_effect(self) -> int:
        """The number of the last effect in Spotler; 0 for none."""
        return len(self.sandbox.world.journal.entries)

    def spotler(self) -> Mapping[str, Any]:
        """Everything that Spotler holds, by kind."""
        return state(self.sandbox)


class Door:
    """The side door of Spotler, in the words of `sandbox.spotler.side_door.client.SideDoor`."""

    def __init__(self, systems: Systems) -> None:
        self._sandbox = systems.sandbox

    def post(self, name: str, **body: object) -> object:
        """Put something in place, or let events happen."""
        content = json.dumps(body).encode()
        return emit(self._sandbox.world, content) if name == "events" else FIXTURES[name](self._sandbox, content)

    def contacts(self, *contacts: dict[str, object]) -> None:
        """Create contacts, without a trace in the journal."""
        self.post("contacts", contacts=list(contacts))


def _settings(own: DataverseSettings, credential: Credential, leads: LeadsSandbox) -> Settings:
    """The settings of the app."""
    return Settings(
        ServiceBus="Endpoint=sb://localhost/",
        dataverse_url=DATAVERSE_URL,
        dataverse_authority=DATAVERSE_URL,
        dataverse_tenant_id=own.tenant_id,
        dataverse_client_id=own.client_id,
        dataverse_client_secret=own.client_secret,
        spotler_url=f"{SPOTLER_URL}/integrationservice-1.1.0",
        spotler_key=credential.key,
        spotler_secret=credential.secret,
        leads_url=LEADS_URL,
        leads_identity_url=LEADS_URL,
        leads_client_id=leads.settings.client_id,
        leads_client_secret=leads.settings.client_secret,
        leads_user=leads.settings.username,
        leads_password=leads.settings.password,
        leads_account=leads.settings.account,
        state="state",
        feed_first_days=1,
    )
