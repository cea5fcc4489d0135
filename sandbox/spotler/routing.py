"""Finds the handler of a path. Works on the raw path, so that ids may hold `/`, `@`, `+` and `%`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal
from urllib.parse import unquote_to_bytes

from sandbox.spotler.call import Call
from sandbox.spotler.dialect import DIALECTS
from sandbox.spotler.errors import ApiError, UnknownRoute, WrongMethod, invalid
from sandbox.spotler.settings import Edition, Settings
from sandbox.spotler.wire import Answer

type Handler = Callable[..., Answer]

#: Audiences and automations belong to these.
WITH_AUTOMATION = (Edition.AUTOMATION, Edition.ECOMMERCE)
WITH_SHOP = (Edition.ECOMMERCE,)

#: Query parameters that many calls share.
PAGE = ("after", "pageSize")
INTERVAL = ("fromDate", "toDate")
#: What clients were seen to send where it is not defined; the service signs it and ignores it.
_IGNORED = ("rest", "pageSize")


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path template; the handler gets the call and the decoded ids of the path.

    `editions`: which hold it (none given: all). `extension`: the switch that turns it on. `lenient`: exists only
    in clients. `query`: the parameters that it knows. `with_body`: a DELETE that takes one. `bare`: its refusals are
    published without a body.
    """

    method: str
    template: str
    handler: Handler
    editions: tuple[Edition, ...] = ()
    extension: Literal["automations", "tags", "optouts"] | None = None
    lenient: bool = False
    query: tuple[str, ...] = ()
    with_body: bool = False
    bare: bool = False

    @property
    def name(self) -> str:
        """What patterns are compared with."""
        return f"{self.method} {self.template}"

    def available(self, settings: Settings, base: str) -> bool:
        """Whether the account has it at this base; what it has not looks like an unknown path."""
        if self.lenient and not settings.lenient_routes:
            return False
        if any(fnmatchcase(self.name, pattern) for pattern in settings.missing_routes.get(base, ())):
            return False
        return self.extension is None or bool(getattr(settings.extensions, self.extension))

    def run(self, call: Call, ids: tuple[str, ...]) -> Answer:
        """Handle a call. Raises `ApiError`, also for what the call holds and the service would have no use for."""
        if self.editions:
            call.require_edition(*self.editions)
        try:
            self._require_known(call)
            return self.handler(call, *ids)
        except ApiError as refusal:
            if self.bare and not refusal.extra and not call.world.settings.audience_error_bodies:
                return Answer(refusal.status, note=refusal.message)
            raise

    def _require_known(self, call: Call) -> None:
        for name in call.query:
            if not name.startswith("oauth_") and name not in self.query and name not in _IGNORED:
                raise invalid(f"The query parameter {name} is unknown here")
        if call.body.strip() and self.method in {"GET", "DELETE"} and not self.with_body:
            raise invalid("This call takes no body")


@dataclass(slots=True)
class _Node:
    literals: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    routes: dict[str, Route] = field(default_factory=dict)


class Router:
    """All routes as a tree of segments; a literal segment is tried before an id."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._root = _Node()
        for route in self.routes:
            node = self._root
            for segment in route.template.strip("/").split("/"):
                if segment.startswith("{"):
                    if node.parameter is None:
                        node.parameter = _Node()
                    node = node.parameter
                else:
                    node = node.literals.setdefault(segment, _Node())
            node.routes[route.method] = route

    def matching(self, pattern: str) -> Sequence[Route]:
        """The routes that a pattern over method and path template means. Raises `ValueError` if there is none."""
        found = [route for route in self.routes if fnmatchcase(route.name, pattern)]
        if not found:
            raise ValueError(f"no call of the API matches {pattern}")
        return found

    def check(self, settings: Settings) -> None:
        """Raise `ValueError` if a call is to be missing that does not exist, or at a base that does not."""
        for base, patterns in settings.missing_routes.items():
            if base not in {dialect.prefix for dialect in DIALECTS}:
                raise ValueError(f"the API has no base {base}")
            for pattern in patterns:
                self.matching(pattern)

    def find(self, method: str, base: str, path: str, settings: Settings) -> tuple[Route, tuple[str, ...]]:
        """The route of a path below a base, and its ids.

        Raises `UnknownRoute`, `WrongMethod`, or `ApiError` 400 for an id that is not UTF-8.
        """
        segments = path.split("/")[1:]
        if settings.lenient_routes and len(segments) > 1 and not segments[-1]:
            segments.pop()
        found = self._walk(self._root, segments, 0, (), settings, base)
        if found is None:
            raise UnknownRoute
        routes, raw_ids = found
        route = routes.get(method)
        if route is None:
            raise WrongMethod(tuple(sorted(routes)))
        return route, tuple(_decoded(raw) for raw in raw_ids)

    def _walk(
        self, node: _Node, segments: list[str], at: int, ids: tuple[str, ...], settings: Settings, base: str
    ) -> tuple[dict[str, Route], tuple[str, ...]] | None:
        if at == len(segments):
            available = {m: route for m, route in node.routes.items() if route.available(settings, base)}
            return (available, ids) if available else None
        segment = segments[at]
        child = node.literals.get(segment)
        found = self._walk(child, segments, at + 1, ids, settings, base) if child else None
        if found is None and node.parameter is not None and segment:
            return self._walk(node.parameter, segments, at + 1, (*ids, segment), settings, base)
        return found


def _decoded(raw: str) -> str:
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise invalid("The path is not UTF-8") from None
