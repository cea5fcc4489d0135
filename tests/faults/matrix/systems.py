"""Both stand-ins in this process, called without a network, and what tests do behind the back of their APIs."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from connector.dataverse.names import Job
from connector.settings import Settings
from sandbox.dataverse.app import Application
from sandbox.dataverse.calls import Call
from sandbox.dataverse.environment import Environment
from sandbox.dataverse.limits import LimitSettings
from sandbox.dataverse.settings import Settings as DataverseSettings
from sandbox.imitated_api import RawRequest
from sandbox.leads.app import LeadsSandbox
from sandbox.spotler.app import Sandbox
from sandbox.spotler.dates import Clock
from sandbox.spotler.settings import Credential
from sandbox.spotler.side_door.controls import Controls
from sandbox.spotler.side_door.events import emit
from sandbox.spotler.side_door.fixtures import FIXTURES
from sandbox.spotler.side_door.state import state
from tests.faults.simulated_bus import SimulatedTime
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
        self._dataverse = Application(self.environment)
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
        systems = {DATAVERSE_URL: self._of_dataverse, LEADS_URL: self._of_leads, SPOTLER_URL: self._of_spotler}
        status, headers, body = next(answer for root, answer in systems.items() if url.startswith(root))(request)
        return response(request, status, headers, body)

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

    # Calls

    def _of_dataverse(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        return answer_of(self._dataverse, request)

    def _of_spotler(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(str(request.url))
        headers = {name.lower(): _bytes(value).decode("latin-1") for name, value in request.headers.items()}
        answer, _ = self.sandbox.handle(
            RawRequest(
                str(request.method),
                parts.path,
                parts.query,
                headers | {"host": parts.netloc},
                _bytes(request.body or b""),
            )
        )
        answered = {name.decode(): value.decode() for name, value in answer.headers}
        if answer.content_type is not None:
            answered["content-type"] = answer.content_type.decode()
        return answer.status, answered, answer.body

    def _of_leads(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(str(request.url))
        headers = {name.lower(): _bytes(value).decode("latin-1") for name, value in request.headers.items()}
        answer, _ = self.leads.handle(
            RawRequest(str(request.method), parts.path, parts.query, headers, _bytes(request.body or b""))
        )
        answered = {} if answer.content_type is None else {"content-type": answer.content_type.decode()}
        return answer.status, answered, answer.body


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


def answer_of(application: Application, request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body that the stand-in of Dataverse answers, without a network."""
    parts, sent = urlsplit(str(request.url)), list[Mapping[str, Any]]()
    headers = {**request.headers, "host": parts.netloc}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": request.method,
        "scheme": parts.scheme,
        "server": (parts.hostname, 443),
        "root_path": "",
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": [(name.lower().encode(), _bytes(value)) for name, value in headers.items()],
    }

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": _bytes(request.body or b""), "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    _run(application(scope, receive, send))
    answered = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return sent[0]["status"], answered, b"".join(each.get("body", b"") for each in sent[1:])


def response(
    request: requests.PreparedRequest, status: int, headers: Mapping[str, str], body: bytes
) -> requests.Response:
    """An answer as `requests` gives it."""
    answer = requests.Response()
    answer.status_code, answer.headers, answer.request = status, CaseInsensitiveDict(headers), request
    answer.url = str(request.url)
    answer.raw = urllib3.HTTPResponse(status=status)  # azure-identity looks at it
    answer._content = body  # what `requests` itself does once it has read the body
    return answer


def _run(work: Any) -> None:
    """Run a coroutine that never waits for anything."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("the stand-in waits for something")


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


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
