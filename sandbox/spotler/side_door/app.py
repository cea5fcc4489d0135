"""The routes of the side door."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.imitated_api import SIDE_DOOR
from sandbox.spotler.app import Sandbox
from sandbox.spotler.errors import ApiError
from sandbox.spotler.side_door.controls import Controls
from sandbox.spotler.side_door.events import emit
from sandbox.spotler.side_door.fixtures import FIXTURES
from sandbox.spotler.side_door.state import audiences, state

type Endpoint = Callable[[Request], Awaitable[Response]]


def side_door(sandbox: Sandbox) -> Starlette:
    """The application below `/_sandbox/`. Wrong input is answered with 400 and `{"problem": what}`."""
    controls = Controls(sandbox)
    views: dict[str, Callable[[], object]] = {
        "health": lambda: {"ready": "spotler"},
        "state": lambda: state(sandbox),
        "audiences": lambda: audiences(sandbox),
        "revision": controls.revision,
        "journal": controls.journal,
        "calls": controls.calls,
        "requests": controls.requests,
        "settings": controls.settings,
        "faults": controls.faults,
        "held": controls.held,
    }
    actions: dict[str, Callable[[bytes], object]] = {
        "reset": controls.reset,
        "settings": controls.change_settings,
        "clock": controls.move_clock,
        "faults": controls.arm,
        "release": controls.release,
        "automations/active": controls.switch_automation,
        "events": lambda body: emit(sandbox.world, body),
        **{name: _loader(sandbox, name) for name in FIXTURES},
    }
    return Starlette(
        routes=[
            *(Route(SIDE_DOOR + name, _look(view), methods=["GET"]) for name, view in views.items()),
            *(Route(SIDE_DOOR + name, _act(action), methods=["POST"]) for name, action in actions.items()),
            Route(f"{SIDE_DOOR}faults", _act(controls.disarm), methods=["DELETE"]),
        ]
    )


def _loader(sandbox: Sandbox, name: str) -> Callable[[bytes], object]:
    return lambda body: FIXTURES[name](sandbox, body)


def _look(view: Callable[[], object]) -> Endpoint:
    async def endpoint(_request: Request) -> Response:
        return JSONResponse(view())

    return endpoint


def _act(action: Callable[[bytes], object]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(action(await request.body() or b"{}"))
        except (ApiError, ValueError) as problem:
            return JSONResponse({"problem": str(problem)}, 400)

    return endpoint
