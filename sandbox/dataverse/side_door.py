"""`/_sandbox/`: what tests see and change behind the back of the imitated API.

POST reset                everything as after the start
POST rows                 {"contact": [{...}, ...]} makes rows and answers their ids; see `fixtures`
GET rows/{table}          all rows, every property, with the tables of lookups
GET journal?after=&table= committed writes in order; see `journal`
GET revision              {"revision": n}, which changes with everything that happens; {"now": ...} besides
GET calls                 how many requests; see `journal`
POST calls/reset          counts from zero
POST clock                {"move_seconds": 60} answers {"now": ...}
GET, POST, DELETE faults  the rules; POST adds one (the attributes of `faults.Fault`), DELETE removes all
GET, DELETE held          the requests whose effect comes later; DELETE makes them never happen
POST held/release         {"id": ...}, or {} for all in their order: they happen now; answers with their statuses
POST limits               the attributes of `limits.LimitSettings`, any of them
POST latency              {"ms": 50}
POST fetchxml             the attributes of `fetchxml.assumptions.Assumptions`, any of them
POST customizing          the attributes of `customizing.knobs.Knobs`, any of them; with "foreign_seconds", and
                          "foreign_operation" (Import, if left out), somebody else customises for so long
POST people               {"user": systemuserid} signs a person in; answers {"access_token": ...}
POST edition              {"light": true}: without marketing lists; {"leads": false}: without leads; what is not given
                          is as usual, and the rows come back with it
POST steps                {"enabled", "tables", "drop_next", "duplicate_next", "shuffled", "has_key", "garbled"}, any of
                          them; answers with the first four as they are now, so with how many are still to be lost
"""

import re
from dataclasses import asdict
from typing import cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.dataverse.annotations import LOOKUP_TABLE
from sandbox.dataverse.environment import Environment
from sandbox.dataverse.errors import ApiError, error_body
from sandbox.dataverse.faults import Fault
from sandbox.dataverse.reads import View
from sandbox.dataverse.values import JsonObject, stamp

_STEP_SWITCHES = frozenset({"enabled", "tables", "drop_next", "duplicate_next"})


def side_door(environment: Environment) -> Starlette:
    """The application behind `/_sandbox/`."""
    door = _SideDoor(environment)
    routes = [
        Route("/_sandbox/reset", door.reset, methods=["POST"]),
        Route("/_sandbox/rows", door.load_rows, methods=["POST"]),
        Route("/_sandbox/rows/{table}", door.rows),
        Route("/_sandbox/journal", door.journal),
        Route("/_sandbox/revision", door.revision),
        Route("/_sandbox/calls", door.calls),
        Route("/_sandbox/calls/reset", door.reset_calls, methods=["POST"]),
        Route("/_sandbox/clock", door.clock, methods=["POST"]),
        Route("/_sandbox/faults", door.faults, methods=["GET", "POST", "DELETE"]),
        Route("/_sandbox/held", door.held, methods=["GET", "DELETE"]),
        Route("/_sandbox/held/release", door.release, methods=["POST"]),
        Route("/_sandbox/limits", door.limits, methods=["POST"]),
        Route("/_sandbox/latency", door.latency, methods=["POST"]),
        Route("/_sandbox/fetchxml", door.fetchxml, methods=["POST"]),
        Route("/_sandbox/customizing", door.customizing, methods=["POST"]),
        Route("/_sandbox/people", door.people, methods=["POST"]),
        Route("/_sandbox/edition", door.edition, methods=["POST"]),
        Route("/_sandbox/steps", door.steps, methods=["POST"]),
    ]
    return Starlette(
        routes=routes,
        exception_handlers=dict.fromkeys((ApiError, ValueError, TypeError, KeyError, re.PatternError), _refused),
    )


async def _refused(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, ApiError):
        return JSONResponse(error_body(error, annotated=False), error.status)
    return JSONResponse({"error": {"message": str(error)}}, 400)


class _SideDoor:
    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    async def reset(self, _: Request) -> JSONResponse:
        self._environment.reset()
        return JSONResponse({})

    async def load_rows(self, request: Request) -> JSONResponse:
        rows = cast("dict[str, list[JsonObject]]", await request.json())
        return JSONResponse(self._environment.load(rows))

    async def rows(self, request: Request) -> JSONResponse:
        store = self._environment.store
        data = store.tables.get(request.path_params["table"])
        if data is None:
            return JSONResponse({"error": {"message": "There is no such table."}}, 404)
        view = View(tuple(data.model.properties), (), frozenset({LOOKUP_TABLE}))
        reader = self._environment.api.reader
        return JSONResponse([reader.show(data.model, row, view) for row in data.rows.values()])

    async def journal(self, request: Request) -> JSONResponse:
        after, table = int(request.query_params.get("after", "0")), request.query_params.get("table")
        return JSONResponse(list(self._environment.journal.entries(after=after, table=table)))

    async def revision(self, _: Request) -> JSONResponse:
        environment = self._environment
        rules = [(rule.id, rule.count) for rule in environment.faults.rules]
        happened = (environment.journal.last, rules, environment.clock.offset, environment.steps.drop_next)
        return JSONResponse({"revision": str(happened), "now": stamp(environment.clock.now())})

    async def calls(self, _: Request) -> JSONResponse:
        return JSONResponse(self._environment.calls.report())

    async def reset_calls(self, _: Request) -> JSONResponse:
        self._environment.calls.clear()
        return JSONResponse({})

    async def clock(self, request: Request) -> JSONResponse:
        content = await request.json()
        self._environment.clock.move(float(content["move_seconds"]))
        return JSONResponse({"now": stamp(self._environment.clock.now())})

    async def faults(self, request: Request) -> JSONResponse:
        rules = self._environment.faults.rules
        if request.method == "POST":
            rules.append(Fault(**await request.json()))
        elif request.method == "DELETE":
            rules.clear()
        return JSONResponse([asdict(rule) for rule in rules])

    async def held(self, request: Request) -> JSONResponse:
        held = self._environment.held
        if request.method == "DELETE":
            held.clear()
        return JSONResponse([each.as_json() for each in held.waiting()])

    async def release(self, request: Request) -> JSONResponse:
        chosen = (await request.json()).get("id")
        return JSONResponse(self._environment.held.release(self._environment.answer, chosen))

    async def limits(self, request: Request) -> JSONResponse:
        settings = self._environment.limiter.settings
        _assign(settings, await request.json(), tuple(asdict(settings)))
        self._environment.limiter.reset()
        return JSONResponse(asdict(settings))

    async def latency(self, request: Request) -> JSONResponse:
        self._environment.latency_ms = float((await request.json())["ms"])
        return JSONResponse({"ms": self._environment.latency_ms})

    async def fetchxml(self, request: Request) -> JSONResponse:
        assumptions = self._environment.fetcher.assumptions
        _assign(assumptions, await request.json(), tuple(asdict(assumptions)))
        return JSONResponse(asdict(assumptions))

    async def customizing(self, request: Request) -> JSONResponse:
        customizing = self._environment.customizing
        content: JsonObject = await request.json()
        operation, seconds = content.pop("foreign_operation", "Import"), content.pop("foreign_seconds", None)
        if isinstance(seconds, int | float):
            customizing.lock.begin_foreign(str(operation), seconds)
        _assign(customizing.knobs, content, tuple(asdict(customizing.knobs)))
        self._environment.follow_languages()
        return JSONResponse(asdict(customizing.knobs))

    async def people(self, request: Request) -> JSONResponse:
        environment = self._environment
        row = environment.store.tables["systemuser"].rows[str((await request.json())["user"])]
        object_id = str(row.values["azureactivedirectoryobjectid"])
        return JSONResponse({"access_token": environment.tokens.issue_to_person(object_id, environment.addresses[0])})

    async def edition(self, request: Request) -> JSONResponse:
        content: JsonObject = await request.json()
        environment = self._environment
        environment.light, environment.has_leads = content.get("light") is True, content.get("leads") is not False
        return JSONResponse({"light": environment.light, "leads": environment.has_leads})

    async def steps(self, request: Request) -> JSONResponse:
        environment = self._environment
        content: JsonObject = await request.json()
        own: JsonObject = {name: content.pop(name) for name in _STEP_SWITCHES if name in content}
        _assign(environment.steps, own, tuple(own))
        if "garbled" in content:
            environment.contexts.garbled = bool(content.pop("garbled"))
        if content and environment.poster is None:
            raise ValueError("there is no bus, so no poster to change")
        if "has_key" in content:
            environment.endpoints.has_key = bool(content.pop("has_key"))
        _assign(environment.poster, content, ("shuffled",))
        return JSONResponse({name: getattr(environment.steps, name) for name in sorted(_STEP_SWITCHES)})


def _assign(target: object, content: JsonObject, allowed: tuple[str, ...]) -> None:
    for name, value in content.items():
        if name not in allowed:
            raise ValueError(f"{name} is not one of {', '.join(allowed)}")
        setattr(target, name, value)
