"""The side door, not a part of the API: how people and tests make visits, faults and time, and see what happened."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import timedelta

import requests
from pydantic import BaseModel, ConfigDict, TypeAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.imitated_api import SIDE_DOOR
from sandbox.leads.app import LeadsSandbox
from sandbox.leads.faults import LeadsFault
from sandbox.leads.fixtures import add_visitors, add_visits
from sandbox.leads.settings import LeadsSettings

_TIMEOUT_S = 10
_SETTINGS = TypeAdapter(LeadsSettings)
_CHANGES = TypeAdapter(dict[str, object])

type Endpoint = Callable[[Request], Awaitable[Response]]


class LeadsFaults(BaseModel):
    """Faults to add; with `replace` those armed before are forgotten."""

    model_config = ConfigDict(extra="forbid")

    faults: list[LeadsFault]
    replace: bool = False


class LeadsClock(BaseModel):
    """How far the clock is to move."""

    model_config = ConfigDict(extra="forbid")

    advance_s: float


@dataclass(frozen=True, slots=True)
class LeadsControls:
    """Takes bodies of JSON, gives values that can become JSON. Raises `ValueError` for wrong input."""

    sandbox: LeadsSandbox

    def reset(self, _body: bytes) -> object:
        """Back to how it was started."""
        self.sandbox.reset()
        return {"reset": True}

    def change_settings(self, body: bytes) -> object:
        """Change the settings that are named; the state stays."""
        changed = _SETTINGS.validate_python(asdict(self.sandbox.settings) | _CHANGES.validate_json(body))
        self.sandbox.settings = self.sandbox.store.settings = changed
        return _SETTINGS.dump_python(changed, mode="json")

    def arm(self, body: bytes) -> object:
        """Add faults."""
        wanted = LeadsFaults.model_validate_json(body)
        if wanted.replace:
            self.sandbox.faults.clear()
        self.sandbox.faults.extend(wanted.faults)
        return {"faults": len(self.sandbox.faults)}

    def move_clock(self, body: bytes) -> object:
        """Move the clock; the time it then shows."""
        self.sandbox.ahead += timedelta(seconds=LeadsClock.model_validate_json(body).advance_s)
        return {"now": self.sandbox.now().isoformat()}

    def revoke(self, _body: bytes) -> object:
        """End every token."""
        self.sandbox.tokens.revoke()
        return {"revoked": True}

    def visitors(self, body: bytes) -> object:
        """Put visitors in place."""
        return add_visitors(self.sandbox.store, body)

    def visits(self, body: bytes) -> object:
        """Let pages be viewed."""
        return add_visits(self.sandbox.store, body)

    def state(self) -> object:
        """Who visited, and which visits nobody has acknowledged."""
        store = self.sandbox.store
        return {"visitors": sorted(store.visitors), "unacknowledged": store.unacknowledged}

    def calls(self) -> object:
        """Calls by path template and status; a dropped connection has the status 0."""
        return [
            {"route": route, "status": status, "count": count}
            for (route, status), count in sorted(self.sandbox.counts.items())
        ]


def side_door(sandbox: LeadsSandbox) -> Starlette:
    """The application below `/_sandbox/`. Wrong input is answered with 400 and `{"problem": what}`."""
    controls = LeadsControls(sandbox)
    views: dict[str, Callable[[], object]] = {
        "health": lambda: {"ready": "leads"},
        "state": controls.state,
        "journal": lambda: sandbox.store.journal,
        "calls": controls.calls,
        "requests": lambda: list(sandbox.recent),
    }
    actions: dict[str, Callable[[bytes], object]] = {
        "reset": controls.reset,
        "settings": controls.change_settings,
        "clock": controls.move_clock,
        "faults": controls.arm,
        "revoke": controls.revoke,
        "visitors": controls.visitors,
        "visits": controls.visits,
    }
    return Starlette(
        routes=[
            *(Route(SIDE_DOOR + name, _look(view), methods=["GET"]) for name, view in views.items()),
            *(Route(SIDE_DOOR + name, _act(action), methods=["POST"]) for name, action in actions.items()),
        ]
    )


@dataclass(frozen=True, slots=True)
class LeadsDoor:
    """The side door from the outside. Raises `RuntimeError` with the stand-in's own sentence if it refuses."""

    url: str

    def get(self, name: str) -> object:
        """One of the views."""
        return _accepted(requests.get(f"{self.url}{SIDE_DOOR}{name}", timeout=_TIMEOUT_S))

    def post(self, name: str, **body: object) -> object:
        """One of the actions."""
        return _accepted(requests.post(f"{self.url}{SIDE_DOOR}{name}", json=body, timeout=_TIMEOUT_S))

    def arm(self, kind: str, **details: object) -> None:
        """Arm one fault, e.g. `arm("throttle", route="*/trackedlinks/{take}", retry_after_s=1)`."""
        self.post("faults", faults=[{"kind": kind, **details}])


def _accepted(response: requests.Response) -> object:
    if not response.ok:
        raise RuntimeError(f"the side door refused: {response.text}")
    return response.json()


def _look(view: Callable[[], object]) -> Endpoint:
    async def endpoint(_request: Request) -> Response:
        return JSONResponse(view())

    return endpoint


def _act(action: Callable[[bytes], object]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(action(await request.body() or b"{}"))
        except ValueError as problem:
            return JSONResponse({"problem": str(problem)}, 400)

    return endpoint
