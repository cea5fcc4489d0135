"""The routes of the console.

GET  /             the page            GET  /part/NAME   one column of it
GET  /events       what has changed    POST /do/NAME     an act
GET  /static/FILE  style, scripts
"""

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader
from requests import RequestException
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.console import dynamics_acts, pages, spotler_acts, system_acts
from sandbox.console.acts import Act, Notice, Notices
from sandbox.console.formats import FILTERS
from sandbox.console.guard import Guard
from sandbox.console.live import Live, revisions
from sandbox.console.state import State
from sandbox.console.systems import Refused, Systems, sentence

_HERE: Final = Path(__file__).parent
#: The files that a browser may load; htmx is taken from its package.
_STATIC: Final = {"console.css": "text/css", "console.js": "text/javascript", "htmx.min.js": "text/javascript"}

ACTS: Final[Mapping[str, Act]] = {**dynamics_acts.ACTS, **spotler_acts.ACTS, **system_acts.ACTS}


def console(systems: Systems, token: str, port: int) -> ASGIApp:
    """The console, guarded."""
    return Guard(_application(systems), token, port)


@cache
def _templates() -> Environment:
    """All consoles of a process share the compiled templates."""
    templates = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= FILTERS
    return templates


def _application(systems: Systems) -> Starlette:
    templates = _templates()
    notices = Notices()
    live = Live(lambda: revisions(systems))

    def render(template: str, state: State) -> HTMLResponse:
        return HTMLResponse(templates.get_template(template).render(pages.content(systems, state, notices, template)))

    def page(request: Request) -> Response:
        return render("page.html", State.of(request.query_params))

    def part(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in pages.PARTS:
            return HTMLResponse("There is no such part.", 404)
        return render(f"{name}.html", State.of(request.query_params))

    async def events(_: Request) -> Response:
        return StreamingResponse(live.events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def do(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in ACTS:
            return HTMLResponse("There is no such act.", 404)
        entered = dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))
        state = State.of({name: value for name, value in request.query_params.items() if name != "note"})
        notice = await run_in_threadpool(_act, name, systems, entered)
        return RedirectResponse(state.url(**{**notice.go, "note": notices.keep(notice)}), 303)

    return Starlette(
        routes=[
            Route("/", page),
            Route("/part/{name}", part),
            Route("/events", events),
            Route("/do/{name}", do, methods=["POST"]),
            Route("/static/{name}", _static),
        ]
    )


def _act(name: str, systems: Systems, entered: Mapping[str, str]) -> Notice:
    """Do it; whatever refuses, the page says so and keeps what was entered."""
    try:
        return ACTS[name](systems, entered)
    except (Refused, ValueError) as refusal:
        why = str(refusal)
    except KeyError as missing:
        why = f"The form lacks {missing}."
    except RequestException as error:
        said = "did not answer" if error.response is None else sentence(error.response)
        why = f"Dataverse: {said}"
    return Notice(why, "bad", refused=name, entered=entered)


def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _STATIC:
        return HTMLResponse("There is no such file.", 404)
    path = htmx() if name == "htmx.min.js" else _HERE / "static" / name
    return FileResponse(path, media_type=_STATIC[name], headers={"Cache-Control": "no-cache"})


def htmx() -> Path:
    """htmx, from the package django-js-lib-htmx; the package itself needs Django, its file does not."""
    spec = find_spec("js_lib_htmx")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("htmx is missing; install requirements-dev.txt")
    return Path(spec.submodule_search_locations[0], "static", "htmx", "htmx.min.js")
